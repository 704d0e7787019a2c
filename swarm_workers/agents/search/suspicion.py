"""Which lines to look at first: those that failing tests run and passing tests do not.

Pure: no I/O, no clock, no chance.

Source: Abreu, Zoeteweij, van Gemund, "An Evaluation of Similarity Coefficients for Software Fault
Localization" (PRDC 2006): the Ochiai coefficient.
"""

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from math import sqrt

LinesByTest = Mapping[str, Mapping[str, AbstractSet[int]]]
"""By test and path, the 1-based lines that ran."""


def line_suspicion(
    lines: LinesByTest, *, failing: Collection[str], passing: Collection[str]
) -> dict[str, dict[int, float]]:
    """Return the Ochiai score, above 0 and at most 1, of each line that a failing test runs.

    Args:
        lines: what each test runs; tests that are missing here are left out of account.
        failing: one focus test, or all red tests.
        passing: the green tests.
    """
    failed, passed = _count(lines, failing), _count(lines, passing)
    failing_count = sum(test in lines for test in failing)
    scores: dict[str, dict[int, float]] = {}
    for (path, line), failures in failed.items():
        runs = failures + passed[path, line]
        scores.setdefault(path, {})[line] = failures / sqrt(failing_count * runs)
    return scores


def outside_functions(sources: Mapping[str, str]) -> dict[str, dict[int, float]]:
    """Return all lines that run on import, equally suspicious.

    For a test that runs no line of the code itself: what it finds wrong was made when the code was
    imported, a constant or an attribute of a class.
    """
    found: dict[str, dict[int, float]] = {}
    for path, text in sources.items():
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        numbers = {line: 1.0 for each in _on_import(tree) for line in _lines(each)}
        if numbers:
            found[path] = numbers
    return found


def _on_import(scope: ast.Module | ast.ClassDef) -> Iterator[ast.stmt]:
    for statement in scope.body:
        if isinstance(statement, ast.ClassDef):
            yield from _on_import(statement)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement


def _lines(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _count(lines: LinesByTest, tests: Collection[str]) -> Counter[tuple[str, int]]:
    """Return how many of these tests run each line."""
    count: Counter[tuple[str, int]] = Counter()
    for test in tests:
        for path, ran in lines.get(test, {}).items():
            count.update((path, line) for line in ran)
    return count
