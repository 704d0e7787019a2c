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


@lru_cache(maxsize=_FILES_KEPT_MAX)
def _functions(text: str) -> tuple[tuple[int, int], ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    defs = (node for node in ast.walk(tree) if isinstance(node, _DEFS))
    return tuple((node.lineno, node.end_lineno or node.lineno) for node in defs)


_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)
