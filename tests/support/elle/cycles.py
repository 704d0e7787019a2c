"""Cycles in the graph of who comes before whom, named by the weakest edges that they need.

Pure: no I/O, no clock, no chance.
"""

from collections import deque
from collections.abc import Collection, Iterator
from itertools import islice

from tests.support.elle.components import components
from tests.support.elle.dependencies import Edge, Graph, Kind
from tests.support.elle.report import Anomaly, Finding

_STARTS_MAX = 1000
"""Edges of one component from which a cycle is sought; a G-single behind more is named G2."""
_GOOD_ENOUGH = 16
"""Cycles found in a component, of which the shortest is shown."""
_LEVELS = (
    (Anomaly.G0, Kind.WW, frozenset({Kind.WW})),
    (Anomaly.G1C, Kind.WR, frozenset({Kind.WW, Kind.WR})),
    (Anomaly.G2, Kind.RW, frozenset({Kind.WW, Kind.WR, Kind.RW})),
    (Anomaly.PROCESS, Kind.PROCESS, frozenset({Kind.WW, Kind.WR, Kind.RW, Kind.PROCESS})),
    (Anomaly.REALTIME, Kind.REALTIME, frozenset(Kind)),
)
"""Each anomaly, the edge that its cycle needs, and the edges that it may have."""


def find_cycles(graph: Graph) -> Iterator[Finding]:
    """Yield at least one cycle if there is any: at most one of a name from each component."""
    suspects: list[int] = []
    for component in _components(graph, range(len(graph.edges)), frozenset(Kind)):
        suspects += component
    if not suspects:
        return
    for anomaly, needed, allowed in _LEVELS:
        for component in _components(graph, suspects, allowed):
            yield from _name(_Region(graph, frozenset(component), allowed), anomaly, needed)


def _components(
    graph: Graph, nodes: Collection[int], allowed: frozenset[Kind]
) -> Iterator[list[int]]:
    within = frozenset(nodes)

    def successors(node: int) -> Iterator[int]:
        for edge in graph.edges[node]:
            if edge.kind in allowed and edge.target in within:
                yield edge.target

    return components(nodes, successors)


def _name(region: "_Region", anomaly: Anomaly, needed: Kind) -> Iterator[Finding]:
    if anomaly is Anomaly.G2:
        single = region.shortest_cycle(needed, frozenset({Kind.WW, Kind.WR}))
        if single:
            yield _finding(region.graph, Anomaly.G_SINGLE, single)
            return
    cycle = region.shortest_cycle(needed, region.allowed)
    if cycle:
        yield _finding(region.graph, anomaly, cycle)


class _Region:
    """One component, with the edges that count in it."""

    def __init__(self, graph: Graph, nodes: frozenset[int], allowed: frozenset[Kind]) -> None:
        self.graph = graph
        self.nodes = nodes
        self.allowed = allowed

    def shortest_cycle(self, first: Kind, others: frozenset[Kind]) -> list[Edge]:
        """Return a short cycle that begins with one kind of edge; empty if none is found."""
        cycles = (self._close(edge, others) for edge in islice(self._edges(first), _STARTS_MAX))
        found = islice((cycle for cycle in cycles if cycle), _GOOD_ENOUGH)
        return min(found, key=len, default=[])

    def _edges(self, kind: Kind) -> Iterator[Edge]:
        for node in sorted(self.nodes):
            if kind is Kind.REALTIME and self.graph.is_moment(node):
                continue
            for edge in self.graph.edges[node]:
                if edge.kind is kind and edge.target in self.nodes:
                    yield edge

    def _close(self, first: Edge, others: frozenset[Kind]) -> list[Edge]:
        """Return the edge and a way back to where it comes from, of few transactions."""
        came_by: dict[int, Edge | None] = {first.target: None}
        border = deque([first.target])
        while border and first.source not in came_by:
            node = border.popleft()
            for edge in self.graph.edges[node]:
                if edge.kind not in others or edge.target not in self.nodes:
                    continue
                if edge.target not in came_by:
                    came_by[edge.target] = edge
                    # A moment is no transaction, so passing it makes the way no longer.
                    is_free = self.graph.is_moment(edge.target)
                    (border.appendleft if is_free else border.append)(edge.target)
        return [first, *_way(came_by, first.source)] if first.source in came_by else []


def _way(came_by: dict[int, Edge | None], end: int) -> list[Edge]:
    way: list[Edge] = []
    edge = came_by[end]
    while edge is not None:
        way.append(edge)
        edge = came_by[edge.source]
    return way[::-1]


def _finding(graph: Graph, anomaly: Anomaly, cycle: list[Edge]) -> Finding:
    steps = _without_moments(graph, cycle)
    transactions = tuple(edge.source for edge in steps)
    return Finding(anomaly, transactions, tuple(str(edge) for edge in steps))


def _without_moments(graph: Graph, cycle: list[Edge]) -> list[Edge]:
    """Return the cycle with each passage of moments as one edge in time."""
    steps: list[Edge] = []
    left_at = -1
    for edge in cycle:
        if not graph.is_moment(edge.source) and not graph.is_moment(edge.target):
            steps.append(edge)
        elif not graph.is_moment(edge.source):
            left_at = edge.source
        elif not graph.is_moment(edge.target):
            steps.append(Edge(left_at, edge.target, Kind.REALTIME))
    return steps
