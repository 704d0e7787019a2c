"""The places of a file where an edit may be made: every expression and statement under suspicion.

Pure: no I/O, no clock, no chance.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from swarm_workers.agents.search.scope import (
    Function,
    Scope,
    Surroundings,
    scope_of,
    surroundings_of,
)
from swarm_workers.agents.search.sources import SourceFile, is_composite, is_operand

_HEADER_SHARE = 0.5
_CONSTANT_SHARE = 0.4
_INNER_SHARE = 0.4


class Proposal(NamedTuple):
    """One edit of one file, before it is ranked."""

    start: int
    end: int
    text: str
    operator: str
    prior: float
    """How often, by experience, an edit of this kind is the fix: above 0 and at most 1."""


@dataclass(frozen=True)
class Site:
    """One node and what surrounds it."""

    file: SourceFile
    around: Surroundings
    scope: Scope
    node: ast.AST
    parent: ast.AST
    field: str
    """Name of the parent's field in which the node stands."""
    statement: ast.stmt
    block: list[ast.stmt]
    """The statements among which `statement` stands."""
    suspicion: float

    @cached_property
    def span(self) -> tuple[int, int]:
        """Offsets of the node."""
        return self.file.span(self.node)

    @cached_property
    def source(self) -> str:
        """The node as it is written."""
        start, end = self.span
        return self.file.text[start:end]

    def text_of(self, node: ast.AST) -> str:
        """Return another node as it is written."""
        return self.file.source_of(node)

    def operand(self, node: ast.AST) -> str:
        """Return another node, in parentheses if it needs them beside an operator."""
        text = self.file.source_of(node)
        return f"({text})" if is_composite(text) else text

    def replace(
        self, text: str, operator: str, prior: float, node: ast.AST | None = None
    ) -> Proposal:
        """Return the proposal to put an expression in place of this node (or another one).

        Text that would fall apart beside an operator gets its parentheses here.
        """
        if node is not None:
            return Proposal(*self.file.span(node), text, operator, prior)
        if is_operand(self.parent, self.field) and is_composite(text):
            text = f"({text})"
        return Proposal(*self.span, text, operator, prior)

    @property
    def is_value(self) -> bool:
        """Say whether the node is read, not assigned to, and is not just a part of a name."""
        context = getattr(self.node, "ctx", None)
        return isinstance(self.node, ast.expr) and not isinstance(context, ast.Store | ast.Del)


def sites_of(file: SourceFile, suspicion: Mapping[int, float]) -> Iterator[Site]:
    """Yield each place whose statement is under suspicion.

    A simple statement is as suspicious as the most suspicious of its lines, a compound one as the
    lines of its head; what it holds and does not run takes a share of that, for not to run may be
    the fault. What runs at import leaves no lines in any test's trace: the head of a function takes
    half of the suspicion of its body, a constant a part of that of its readers.
    """
    around = surroundings_of(file)
    readers = _reader_suspicion(file, suspicion)
    walker = _Walker(file, around, suspicion, readers)
    yield from walker.block(file.tree.body, scope_of(file, None, None), None)


class _Walker:
    """Walks the statements of one file."""

    def __init__(
        self, file: SourceFile, around: Surroundings, suspicion: Mapping[int, float],
        readers: Mapping[str, float],
    ) -> None:  # fmt: skip
        """Take what does not change on the way."""
        self._file = file
        self._around = around
        self._suspicion = suspicion
        self._readers = readers

    def block(
        self,
        block: list[ast.stmt],
        scope: Scope,
        owner: ast.ClassDef | None,
        outer_score: float = 0.0,
    ) -> Iterator[Site]:
        """Yield the sites of some statements and all that is inside them."""
        for statement in block:
            score = self._score(statement, scope) or outer_score
            if score > 0:
                yield self._site(statement, statement, "", (statement, block, scope), score)
                yield from self._expressions(statement, (statement, block, scope), score)
            inner, inner_owner, inner_score = scope, owner, _INNER_SHARE * score
            if isinstance(statement, Function):
                if not self._peak(statement):
                    continue
                inner, inner_score = scope_of(self._file, statement, owner), 0.0
            elif isinstance(statement, ast.ClassDef):
                inner_owner = statement
            for nested in _blocks(statement):
                yield from self.block(nested, inner, inner_owner, inner_score)

    def _expressions(
        self, node: ast.AST, place: tuple[ast.stmt, list[ast.stmt], Scope], score: float
    ) -> Iterator[Site]:
        """Yield the expressions of a statement, without those of statements inside it."""
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, ast.AST) or isinstance(child, ast.stmt | ast.match_case):
                    continue
                if isinstance(child, ast.expr | ast.keyword):
                    yield self._site(child, node, name, place, score)
                if isinstance(child, ast.ExceptHandler):
                    own = self._line_score(child.lineno, child.lineno) or score
                    yield self._site(child, node, name, place, own)
                # Before 3.12 the parts of an f-string do not know where they stand.
                if not isinstance(child, ast.JoinedStr) and name not in ("annotation", "returns"):
                    yield from self._expressions(child, place, score)

    def _site(
        self, node: ast.AST, parent: ast.AST, field: str,
        place: tuple[ast.stmt, list[ast.stmt], Scope], score: float,
    ) -> Site:  # fmt: skip
        statement, block, scope = place
        return Site(self._file, self._around, scope, node, parent, field, statement, block, score)

    def _score(self, statement: ast.stmt, scope: Scope) -> float:
        if isinstance(statement, Function):
            return _HEADER_SHARE * self._peak(statement)
        if isinstance(statement, ast.ClassDef | ast.Import | ast.ImportFrom):
            return 0.0
        blocks = _blocks(statement)
        last = statement.end_lineno or statement.lineno
        if blocks:
            last = max(statement.lineno, min(block[0].lineno for block in blocks) - 1)
        score = self._line_score(statement.lineno, last)
        if isinstance(statement, ast.Try):  # its head does nothing, what it guards may raise
            guarded = statement.body[-1]
            score = self._line_score(statement.lineno, guarded.end_lineno or guarded.lineno)
        if not score and scope.function is None:
            score = max((self._readers.get(name, 0.0) for name in _targets(statement)), default=0.0)
        return score

    def _line_score(self, first: int, last: int) -> float:
        return max((self._suspicion.get(line, 0.0) for line in range(first, last + 1)), default=0.0)

    def _peak(self, statement: ast.stmt) -> float:
        return self._line_score(statement.lineno, statement.end_lineno or statement.lineno)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the lists of statements inside a compound one."""
    blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    blocks += [handler.body for handler in getattr(statement, "handlers", [])]
    blocks += [case.body for case in getattr(statement, "cases", [])]
    return [block for block in blocks if block]


def _targets(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _reader_suspicion(file: SourceFile, suspicion: Mapping[int, float]) -> dict[str, float]:
    """Return for each name a share of the suspicion of the lines that read it."""
    shares: dict[str, float] = {}
    for node in ast.walk(file.tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                share = _CONSTANT_SHARE * suspicion.get(node.lineno, 0.0)
                shares[name] = max(shares.get(name, 0.0), share)
            case _:
                pass
    return shares
