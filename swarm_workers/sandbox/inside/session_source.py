"""Source text on its way to code objects: decode, edit, and compile only what an edit can change.

An edit inside the body of a function needs nothing but that function compiled again. Its lines are
compiled where they stand (padded, so that line numbers hold), inside empty classes that bear the
names of the classes around it, so that mangled names, `super()` and qualified names come out the
same. Runs inside the sandbox: standard library only, Python 3.8 and newer. No I/O but reading.
"""

import __future__

import ast
import hashlib
import io
import re
import tokenize
import types
import warnings
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence, Tuple

EditTuple = Tuple[str, int, int, str]
"""Path, start, end, text: offsets in characters of the decoded source."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class RejectedError(Exception):
    """The edited source does not compile."""


def decode(data: bytes) -> Tuple[str, str]:
    """Return the text, line ends as they are, and its encoding, as the interpreter finds it."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding), encoding


def apply_edits(text: str, edits: Iterable[EditTuple]) -> str:
    """Return the text with all edits made; they do not overlap."""
    for _, start, end, replacement in sorted(edits, key=lambda edit: edit[1:3], reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def compile_quietly(text: str, filename: str, flags: int) -> types.CodeType:
    """Return the code of a text.

    Raises:
        RejectedError: it has none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code: types.CodeType = compile(text, filename, "exec", flags=flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            raise RejectedError(str(error)) from error
    return code


class Unit(NamedTuple):
    """One outermost function: the smallest piece that is compiled and swapped."""

    name: str
    first_line: int
    start: int
    """Offset of its first line, decorators included."""
    body_start: int
    """Offset of the first statement of its body: edits before it need a fresh import."""
    end: int
    """Offset after its last character, the line's end left out."""
    headers: Tuple[Tuple[int, str], ...]
    """Column and name of each class around it, outermost first; no name for another statement."""


class Module:
    """One source file: its text, and where its functions stand."""

    def __init__(self, filename: str, text: str) -> None:
        """Parse the text.

        Raises:
            RejectedError: it does not parse as it is.
        """
        self.filename = filename
        self.text = text
        self.line_starts = [0] + [match.end() for match in _LINE_END.finditer(text)]
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            raise RejectedError(str(error)) from error
        self.flags = _future_flags(tree)
        self.units = sorted(self._find_units(tree.body, ()), key=lambda unit: unit.start)

    def unit_of(self, edits: Sequence[EditTuple]) -> Optional[Unit]:
        """Return the function whose body holds all these edits; None if there is none."""
        first = min(edit[1] for edit in edits)
        last = max(edit[2] for edit in edits)
        for unit in self.units:
            if unit.body_start <= first and last <= unit.end:
                return unit
        return None

    def compile_unit(self, unit: Unit, edits: Sequence[EditTuple] = ()) -> types.CodeType:
        """Return the code of the module that holds only this function, edited.

        Raises:
            RejectedError: it does not compile.
        """
        shifted = [(path, start - unit.start, end - unit.start, text)
                   for path, start, end, text in edits]  # fmt: skip
        body = apply_edits(self.text[unit.start : unit.end], shifted)
        padding = "\n" * (unit.first_line - 1 - len(unit.headers))
        heads = "".join(
            " " * column + ("class %s:\n" % name if name else "if 1:\n")
            for column, name in unit.headers
        )
        return compile_quietly(padding + heads + body + "\n", self.filename, self.flags)

    def _find_units(
        self, body: Iterable[ast.AST], headers: Tuple[Tuple[int, str], ...]
    ) -> Iterable[Unit]:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                first_line = min([node.lineno] + [d.lineno for d in node.decorator_list])
                if first_line > len(headers):
                    yield self._unit(node, first_line, headers)
            elif isinstance(node, ast.ClassDef):
                inner = (*headers, (node.col_offset, node.name))
                yield from self._find_units(node.body, inner)
            elif isinstance(node, (ast.stmt, ast.ExceptHandler)):
                column = getattr(node, "col_offset", 0)
                is_deeper = not headers or column > headers[-1][0]  # not so for `elif` and `except`
                inner = (*headers, (column, "")) if is_deeper else headers
                yield from self._find_units(ast.iter_child_nodes(node), inner)

    def _unit(self, node: Any, first_line: int, headers: Tuple[Tuple[int, str], ...]) -> Unit:
        last_start = self.line_starts[node.end_lineno - 1]
        line_end = _LINE_END.search(self.text, last_start)
        return Unit(
            name=node.name,
            first_line=first_line,
            start=self.line_starts[first_line - 1],
            body_start=self._offset(node.body[0].lineno, node.body[0].col_offset),
            end=line_end.start() if line_end else len(self.text),
            headers=headers,
        )

    def _offset(self, line: int, column_bytes: int) -> int:
        start = self.line_starts[line - 1]
        line_text = self.text[start : start + column_bytes]
        return start + len(line_text.encode()[:column_bytes].decode(errors="ignore"))


def _future_flags(tree: ast.Module) -> int:
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                feature = getattr(__future__, alias.name, None)
                flags |= feature.compiler_flag if feature else 0
    return flags


def function_code(module_code: types.CodeType, unit: Unit) -> Optional[types.CodeType]:
    """Return the code of the unit's function; None if it cannot be told for sure."""
    code = module_code
    for class_name in _class_names(unit):
        inner = [c for c in nested_codes(code) if c.co_name == class_name]
        if len(inner) != 1:
            return None
        code = inner[0]
    found = [c for c in nested_codes(code) if c.co_name == unit.name]
    return found[0] if len(found) == 1 else None


def nested_codes(code: types.CodeType) -> List[types.CodeType]:
    """Return the code objects directly inside one."""
    return [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


def shell(module_code: types.CodeType, unit: Unit) -> Tuple[Any, ...]:
    """Return what is executed around the function: an edit of its body must not change this."""
    levels = []
    code = module_code
    for class_name in [*_class_names(unit), None]:
        levels.append((code.co_code, code.co_names))
        if class_name is not None:
            code = next(c for c in nested_codes(code) if c.co_name == class_name)
    return tuple(levels)


def _class_names(unit: Unit) -> List[str]:
    return [name for _, name in unit.headers if name]


def digest(code: types.CodeType) -> bytes:
    """Return 16 bytes that are the same for code that does the same, wherever it stands."""
    return hashlib.blake2b(repr(_traits(code)).encode("utf-8", "replace"), digest_size=16).digest()


def _traits(code: types.CodeType) -> Tuple[Any, ...]:
    constants = tuple(
        _traits(constant) if isinstance(constant, types.CodeType) else _constant(constant)
        for constant in code.co_consts
    )
    table = getattr(code, "co_exceptiontable", b"")
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_name, code.co_flags, code.co_argcount, code.co_code, table, names, constants)


def _constant(constant: Any) -> Any:
    # 1, 1.0 and True are equal and so are 0.0 and -0.0, but not the same program.
    if isinstance(constant, frozenset):
        return ("frozenset", sorted(repr(_constant(member)) for member in constant))
    if isinstance(constant, tuple):
        return tuple(_constant(member) for member in constant)
    return (type(constant).__name__, repr(constant))
