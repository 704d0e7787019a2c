"""Where functions begin and end.

Pure: no I/O, no clock, no chance.
"""

import ast
from functools import lru_cache

_FILES_KEPT_MAX = 16


def enclosing_function(text: str, first: int, last: int) -> frozenset[int]:
    """Return the lines of the innermost function around some lines, counted from 1.

    Args:
        text: of a Python file.
        first: the first line of interest.
        last: the last one.

    Returns:
        The lines of interest themselves, if no function holds them or the file does not parse.
    """
    around = [span for span in _functions(text) if span[0] <= first and last <= span[1]]
    start, stop = max(around, default=(first, last))
    return frozenset(range(start, stop + 1))


def enclosing_name(text: str, first: int, last: int) -> str:
    """Return the dotted name of the innermost class or function around some lines.

    Empty if none holds them, or the file does not parse. Lines are counted from 1.
    """
    around = [
        (start, name) for start, stop, name in _names(text) if start <= first and last <= stop
    ]
    return max(around, default=(0, ""))[1]


@lru_cache(maxsize=_FILES_KEPT_MAX)
def _names(text: str) -> tuple[tuple[int, int, str], ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found: list[tuple[int, int, str]] = []
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        parent, prefix = waiting.pop()
        for node in ast.iter_child_nodes(parent):
            name = prefix
            if isinstance(node, (*_DEFS, ast.ClassDef)):
                name = f"{prefix}.{node.name}" if prefix else node.name
                found.append((node.lineno, node.end_lineno or node.lineno, name))
            waiting.append((node, name))
    return tuple(found)


@lru_cache(maxsize=_FILES_KEPT_MAX)
def _functions(text: str) -> tuple[tuple[int, int], ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    defs = (node for node in ast.walk(tree) if isinstance(node, _DEFS))
    return tuple((node.lineno, node.end_lineno or node.lineno) for node in defs)


_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)
