"""Which files an agent may change, and which lines of them.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Mapping

from swarm_workers.problems.code.command import is_test_file
from swarm_workers.problems.code.source_text import decode
from swarm_workers.protocols import Tree
from swarm_workers.source.scope import Scope


def editable_sources(tree: Tree, scope: Scope | None) -> dict[str, str]:
    """Return the decoded text of the Python files in scope, tests and what serves them left out.

    Args:
        tree: the checkout.
        scope: the files that may be changed; None for all.
    """
    sources: dict[str, str] = {}
    for path in sorted(tree if scope is None else scope):
        file = tree[path]
        if not path.endswith(".py") or is_test_file(path) or file.link_target is not None:
            continue
        text = decode(file.data)
        if text is not None:
            sources[path] = text
    return sources


def lines_in_scope(
    lines: Mapping[str, frozenset[int]], sources: Mapping[str, str], scope: Scope | None
) -> dict[str, frozenset[int]]:
    """Return the executed lines that lie in files, and in parts of files, that may be changed."""
    found: dict[str, frozenset[int]] = {}
    for path, numbers in lines.items():
        if path not in sources:
            continue
        ranges = None if scope is None else scope[path]
        found[path] = numbers if ranges is None else _within(numbers, ranges)
    return {path: numbers for path, numbers in found.items() if numbers}


def _within(numbers: frozenset[int], ranges: tuple[tuple[int, int], ...]) -> frozenset[int]:
    return frozenset(n for n in numbers if any(first <= n <= last for first, last in ranges))
