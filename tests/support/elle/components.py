"""Strongly connected components of a directed graph.

Pure: no I/O, no clock, no chance.
Source: R. Tarjan, Depth-first search and linear graph algorithms, 1972; here without recursion,
since a path through a history is as long as the history.
"""

from collections.abc import Callable, Iterable, Iterator


def components(
    nodes: Iterable[int], successors: Callable[[int], Iterable[int]]
) -> Iterator[list[int]]:
    """Yield the components of two nodes or more. O(nodes + edges).

    Args:
        nodes: where to begin; all that can be reached is searched.
        successors: of a node.
    """
    search = _Search(successors)
    for node in nodes:
        yield from search.explore(node)


class _Search:
    """One depth-first search."""

    def __init__(self, successors: Callable[[int], Iterable[int]]) -> None:
        self._successors = successors
        self._low: dict[int, int] = {}
        """By node: the earliest node known to be in its component, in order of discovery."""
        self._path: list[int] = []
        """Nodes found, whose component is not yet complete."""
        self._is_open: set[int] = set()

    def explore(self, start: int) -> Iterator[list[int]]:
        """Yield the components that are found from here and were not found before."""
        if start in self._low:
            return
        calls = [self._enter(start)]
        while calls:
            node, found_at, following = calls[-1]
            child = next((each for each in following if self._is_news(node, each)), None)
            if child is not None:
                calls.append(self._enter(child))
                continue
            calls.pop()
            if calls:
                parent = calls[-1][0]
                self._low[parent] = min(self._low[parent], self._low[node])
            if self._low[node] == found_at:
                component = self._complete(node)
                if len(component) > 1:
                    yield component

    def _enter(self, node: int) -> tuple[int, int, Iterator[int]]:
        found_at = self._low[node] = len(self._low)
        self._path.append(node)
        self._is_open.add(node)
        return node, found_at, iter(self._successors(node))

    def _is_news(self, node: int, successor: int) -> bool:
        """Say whether a successor was never met; if it was, and is open, it closes a cycle."""
        if successor not in self._low:
            return True
        if successor in self._is_open:
            self._low[node] = min(self._low[node], self._low[successor])
        return False

    def _complete(self, root: int) -> list[int]:
        component: list[int] = []
        while not component or component[-1] != root:
            component.append(self._path.pop())
        self._is_open.difference_update(component)
        return component
