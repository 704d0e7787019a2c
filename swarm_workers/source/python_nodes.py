"""Python taken apart: module, class, function, statement; each piece owns whole lines.

Pure: no I/O, no clock, no chance. The parser is tree-sitter: it does not depend on the version of
the running Python, and code that does not parse degrades to raw pieces. It only says where to
cut; the text itself is never touched, so the pieces give back the file byte for byte.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import tree_sitter
import tree_sitter_python

from swarm_workers.source.cuts import RUN_SIZE_MAX, cut_runs
from swarm_workers.source.lines import is_blank, split_lines
from swarm_workers.source.pieces import Piece, leaf
from tasks_schema.kinds import NodeKind

DEPTH_MAX = 60
"""Classes and functions nested deeper than this stay whole: Python itself allows 100 levels."""

_LANGUAGE = tree_sitter.Language(tree_sitter_python.language())
_CONTAINERS = {"class_definition": NodeKind.CLASS, "function_definition": NodeKind.DEF}


def python_pieces(text: str) -> tuple[Piece, ...]:
    """Return the pieces of a Python file. Takes about 5 ms for 1,000 lines."""
    lines = split_lines(text)
    data = text.encode()
    is_ascii = len(data) == len(text)
    sizes = map(len, lines) if is_ascii else (len(line.encode()) for line in lines)
    starts = list(accumulate(sizes, initial=0))[:-1]
    tree = tree_sitter.Parser(_LANGUAGE).parse(data)
    slicer = _Slicer(lines, starts)
    return slicer.block(tree.root_node, _Span(0, len(lines)), 0)


@dataclass(frozen=True, slots=True)
class _Span:
    """Lines from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(slots=True)
class _Slice:
    """Statements that share lines, and the lines that they take."""

    nodes: list[tree_sitter.Node]
    start: int
    end: int

    @property
    def container(self) -> tree_sitter.Node | None:
        """The class or function that these lines hold, if they hold nothing else."""
        if len(self.nodes) != 1:
            return None
        node: tree_sitter.Node | None = self.nodes[0]
        if node is not None and node.type == "decorated_definition":
            node = node.child_by_field_name("definition")
        return node if node is not None and node.type in _CONTAINERS else None


@dataclass(frozen=True, slots=True)
class _Slicer:
    lines: list[str]
    starts: list[int]
    """Offset in UTF-8 of each line's first byte."""

    def block(self, block: tree_sitter.Node, span: _Span, depth: int) -> tuple[Piece, ...]:
        """Return the pieces of a block, which together own all lines of the span."""
        pieces: list[Piece] = []
        at = span.start
        slices = self._slices(block, span)
        for index, each in enumerate(slices):
            limit = slices[index + 1].start if index + 1 < len(slices) else span.end
            lead = self._join(at, each.start) if at < each.start else ""
            if len(lead) > RUN_SIZE_MAX:
                before, lead = _split_lead(lead)
                pieces += before
            at = self._append(pieces, each, lead, limit, depth)
        if at < span.end:
            pieces.append(leaf(NodeKind.TAIL, self._join(at, span.end)))
        return tuple(pieces)

    def _slices(self, block: tree_sitter.Node, span: _Span) -> list[_Slice]:
        slices: list[_Slice] = []
        starts = self.starts  # all of this is done for each statement: the names are kept near
        taken = -1
        for node in block.children:
            first, after = node.start_byte, node.end_byte
            if first == after or node.type == "comment":
                continue
            start = max(bisect_right(starts, first) - 1, span.start)
            end = min(bisect_right(starts, after - 1), span.end)
            if start < taken:
                slices[-1].nodes.append(node)
                slices[-1].end = taken = max(taken, end)
            elif start < end:
                slices.append(_Slice([node], start, end))
                taken = end
        return slices

    def _append(self, pieces: list[Piece], found: _Slice, lead: str, limit: int, depth: int) -> int:
        """Append the piece of a slice; return the line after it."""
        container = found.container
        if container is None:
            pieces.append(_statement(found, self._join(found.start, found.end), lead))
            return found.end
        end = self._with_tail(found, limit)
        body_start = self._body_start(container, end) if depth < DEPTH_MAX else None
        kind, name = _CONTAINERS[container.type], _field_text(container, "name")
        if body_start is None:
            pieces.append(leaf(kind, self._join(found.start, end), lead=lead, name=name))
            return end
        body = container.child_by_field_name("body")
        assert body is not None, "a body has a first line only if there is one"
        children = self.block(body, _Span(body_start, end), depth + 1)
        header = self._join(found.start, body_start)
        pieces.append(Piece(kind, header, lead=lead, name=name, children=children))
        return end

    def _with_tail(self, piece: _Slice, limit: int) -> int:
        """Return the end of a slice, with comments below that are indented as its body is."""
        column = _indentation(self.lines[piece.start])
        end = piece.end
        for index in range(piece.end, limit):
            line = self.lines[index]
            if line.lstrip(" \t\f").startswith("#") and _indentation(line) > column:
                end = index + 1
            elif not is_blank(line):
                break
        return end

    def _body_start(self, container: tree_sitter.Node, end: int) -> int | None:
        """Return the first line below the header; None if the body has no lines of its own."""
        body = container.child_by_field_name("body")
        colon = body.prev_sibling if body is not None else None
        while colon is not None and colon.type != ":":
            colon = colon.prev_sibling
        if body is None or colon is None:
            return None
        start = self._line_at(colon.end_byte - 1) + 1
        return start if start <= self._line_at(body.start_byte) and start < end else None

    def _line_at(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def _join(self, start: int, end: int) -> str:
        if end - start == 1:
            return self.lines[start]
        return "".join(self.lines[start:end])


def _statement(found: _Slice, text: str, lead: str) -> Piece:
    first, *others = found.nodes
    is_raw = _is_raw(first) or (bool(others) and any(map(_is_raw, others)))
    kind = NodeKind.RAW if is_raw else NodeKind.STATEMENT
    name = _assigned_name(first) if first.type == "expression_statement" else ""
    return leaf(kind, text, lead=lead, name=name)


def _is_raw(node: tree_sitter.Node) -> bool:
    return node.type == "ERROR" or node.is_missing


def _split_lead(lead: str) -> tuple[list[Piece], str]:
    """Return what is too long of a lead as pieces of its own, and the rest of it."""
    *before, rest = cut_runs(split_lines(lead))
    return [Piece(NodeKind.TAIL, run) for run in before], rest


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" \t\f"))


def _field_text(node: tree_sitter.Node, field: str) -> str:
    found = node.child_by_field_name(field)
    return _decoded(found) if found is not None else ""


def _assigned_name(expression: tree_sitter.Node) -> str:
    """Return the name that a plain assignment binds, else an empty string."""
    inner = expression.child(0) if expression.child_count else expression
    if inner.type != "assignment":
        return ""
    left = inner.child_by_field_name("left")
    return _decoded(left) if left is not None and left.type == "identifier" else ""


def _decoded(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode(errors="replace")
