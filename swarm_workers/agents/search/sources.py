"""A source file as text and tree at once: exact spans, so that an edit touches nothing else.

Pure: no I/O, no clock, no chance.
"""

import ast
import re
from bisect import bisect_right
from functools import lru_cache

_LINE_END = re.compile(r"\r\n|\r|\n")
_STANDALONE = (ast.stmt, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.keyword, ast.Starred)


class SourceFile:
    """One parsed file."""

    def __init__(self, path: str, text: str) -> None:
        """Parse the text.

        Raises:
            SyntaxError: it does not parse.
            ValueError: it holds a null character.
        """
        self.path = path
        self.text = text
        self.tree = ast.parse(text)
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._is_ascii = text.isascii()
        self.line_end = "\r\n" if "\r\n" in text else "\n"

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return the offsets of a node's first character and after its last, in characters.

        Parentheses around an expression are not part of it.
        """
        assert isinstance(node, (ast.expr, ast.stmt, ast.ExceptHandler, ast.keyword, ast.arg))
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._offset(node.lineno, node.col_offset)
        return start, self._offset(node.end_lineno, node.end_col_offset)

    def source_of(self, node: ast.AST) -> str:
        """Return the text of a node as it stands in the file."""
        start, end = self.span(node)
        return self.text[start:end]

    def indentation(self, statement: ast.stmt) -> str | None:
        """Return the white space before a statement; None if it is not the first on its line."""
        before = self.text[self._starts[statement.lineno - 1] : self.span(statement)[0]]
        return before if not before.strip() else None

    def line_of(self, offset: int) -> int:
        """Return the 1-based line of a character."""
        return bisect_right(self._starts, offset)

    def _offset(self, line: int, column_bytes: int) -> int:
        start = self._starts[line - 1]
        if self._is_ascii:
            return start + column_bytes
        head = self.text[start : start + column_bytes].encode()[:column_bytes]
        return start + len(head.decode(errors="ignore"))


@lru_cache(maxsize=8_192)
def is_composite(text: str) -> bool:
    """Say whether a text must be parenthesised to stand as an operand."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return True
    if node.col_offset and text[:1] == "(":
        return False
    return isinstance(
        node,
        (
            ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda, ast.Await,
            ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Starred,
        ),
    )  # fmt: skip


def is_operand(parent: ast.AST, field: str) -> bool:
    """Say whether an expression in this place binds to an operator or trailer beside it."""
    if isinstance(parent, _STANDALONE):
        return False
    if isinstance(parent, ast.Call):
        return field == "func"
    if isinstance(parent, ast.Subscript):
        return field == "value"
    return True
