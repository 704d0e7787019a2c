"""Who must come before whom.

| edge | from | to | because |
|---|---|---|---|
| ww | who appended a value | who appended the next | the order of the key |
| wr | who appended a value | who saw it | one sees only what is there |
| rw | who did not see a value | who appended it | it would have seen it |
| process | a transaction of a client | its next one | a client does one after the other |
| realtime | a transaction that is over | one that begins after | time |

Time would give an edge for nearly each pair, so it leads through a chain of moments: each
completion is one, with an edge to the next completion and to what begins in between: O(n).

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from tests.support.elle.evidence import Evidence
from tests.support.elle.history import Outcome
from tests.support.elle.report import Anomaly, Finding
from tests.support.elle.sights import Sight
from tests.support.elle.versions import Place

Steps = Sequence[Sequence[int]]


class Kind(StrEnum):
    """Why one comes before the other."""

    WW = "ww"
    WR = "wr"
    RW = "rw"
    PROCESS = "process"
    REALTIME = "realtime"


class Edge(NamedTuple):
    """One comes before the other."""

    source: int
    target: int
    kind: Kind
    key: str = ""
    value: int = 0
    """What the target appended; of a `wr` what the source appended."""

    def __str__(self) -> str:
        return f"{self.kind}: {self._why()}"

    def _why(self) -> str:
        one, other = f"T{self.source}", f"T{self.target}"
        match self.kind:
            case Kind.WW:
                return f"{other} appended {self.value} to {self.key} next after {one}"
            case Kind.WR:
                return f"{other} saw {self.value} in {self.key}, which {one} appended"
            case Kind.RW:
                return f"{one} did not see {self.value} in {self.key}, which {other} appended"
            case Kind.PROCESS:
                return f"one client ran {one} and then {other}"
            case Kind.REALTIME:
                return f"{one} was over before {other} began"


class Graph:
    """Transactions by their place in the history, then moments; and the edges from each."""

    def __init__(self, transactions: int) -> None:
        """Begin without edges."""
        self.transactions = transactions
        self.edges: list[list[Edge]] = [[] for _ in range(transactions)]

    def add(self, edge: Edge) -> None:
        """Add an edge, unless it leads back to where it comes from."""
        if edge.source != edge.target:
            self.edges[edge.source].append(edge)

    def new_moment(self) -> int:
        """Return a node that stands for a moment in time."""
        self.edges.append([])
        return len(self.edges) - 1

    def is_moment(self, node: int) -> bool:
        """Say whether a node is no transaction."""
        return node >= self.transactions


def draw(evidence: Evidence) -> Graph:
    """Return the graph of all that took effect; reads of a part of a transaction go to findings."""
    graph = Graph(len(evidence.history))
    for key, sights in evidence.sights.items():
        # Last of all comes what took effect and nobody has seen yet.
        steps = [*evidence.versions[key].steps, tuple(evidence.missing.get(key, ()))]
        for edge in _order_edges(evidence, key, steps):
            graph.add(edge)
        for sight in sights:
            for edge in _sight_edges(evidence, sight, steps):
                graph.add(edge)
    for edge in _process_edges(evidence):
        graph.add(edge)
    _add_time(graph, evidence)
    return graph


def _order_edges(evidence: Evidence, key: str, steps: Steps) -> Iterator[Edge]:
    if not evidence.versions[key].is_sequence:
        return  # members commute: only who saw them tells their order
    for before, after in pairwise(steps):
        for earlier in before:
            source = evidence.effective_writer(key, earlier)
            for value in after:
                target = evidence.effective_writer(key, value)
                if source is not None and target is not None:
                    yield Edge(source, target, Kind.WW, key, value)


def _sight_edges(evidence: Evidence, sight: Sight, steps: Steps) -> Iterator[Edge]:
    key, reader = sight.key, sight.reader
    for value, is_there in sight.probes.items():
        writer = evidence.effective_writer(key, value)
        if writer is not None and is_there:
            yield Edge(writer, reader, Kind.WR, key, value)
        elif writer is not None:
            yield Edge(reader, writer, Kind.RW, key, value)
    place = evidence.versions[key].place(sight)
    if place is not None:
        yield from _place_edges(evidence, sight, place, steps)
    elif sight.sequence:
        yield from _seen_edges(evidence, sight, sight.sequence[-1:])


def _place_edges(evidence: Evidence, sight: Sight, place: Place, steps: Steps) -> Iterator[Edge]:
    if place.seen:
        yield from _seen_edges(evidence, sight, steps[place.seen - 1])
    if place.unseen is None:
        _check_excess(evidence, sight)
        return
    for value in steps[place.unseen] if place.unseen < len(steps) else ():
        writer = evidence.effective_writer(sight.key, value)
        if writer is not None:
            yield Edge(sight.reader, writer, Kind.RW, sight.key, value)


def _seen_edges(evidence: Evidence, sight: Sight, values: Sequence[int]) -> Iterator[Edge]:
    for value in values:
        writer = evidence.effective_writer(sight.key, value)
        if writer is not None:
            yield Edge(writer, sight.reader, Kind.WR, sight.key, value)
            _check_whole(evidence, sight, writer, value)


def _check_whole(evidence: Evidence, sight: Sight, writer: int, value: int) -> None:
    """Find a read of a part of what a transaction appended to one key (G1b)."""
    values = evidence.appended[writer, sight.key]
    if sight.sequence is not None:
        unseen = values[values.index(value) + 1 :]
    elif sight.members is not None:
        unseen = tuple(each for each in values if each not in sight.members)
    else:
        return
    if unseen:
        reason = f"T{sight.reader} saw {value} in {sight.key}, but not {unseen[0]}, "
        reason += f"which T{writer} appended as well"
        evidence.findings.append(Finding(Anomaly.G1B, (sight.reader, writer), (reason,)))


def _check_excess(evidence: Evidence, sight: Sight) -> None:
    """Find a count of more than was ever appended."""
    key, missing = sight.key, evidence.missing.get(sight.key, ())
    most = evidence.versions[key].size + len(missing) + evidence.open_count[key]
    assert sight.count is not None
    if sight.count > most:
        reason = f"T{sight.reader} counted {sight.count} values in {key}, where at most {most} "
        reason += "took effect"
        evidence.findings.append(Finding(Anomaly.GARBAGE, (sight.reader,), (reason,)))


def _process_edges(evidence: Evidence) -> Iterator[Edge]:
    latest: dict[str, int] = {}
    for number in sorted(evidence.effective, key=lambda each: evidence.history[each].invoked_at):
        transaction = evidence.history[number]
        if transaction.process in latest:
            yield Edge(latest[transaction.process], number, Kind.PROCESS)
        if transaction.outcome is Outcome.COMMITTED:
            latest[transaction.process] = number


def _add_time(graph: Graph, evidence: Evidence) -> None:
    """Add the moments. At one and the same instant nothing is before anything."""
    events: list[tuple[int, int, int]] = []
    for number in evidence.effective:
        transaction = evidence.history[number]
        events.append((transaction.invoked_at, 0, number))
        if transaction.completed_at is not None:
            events.append((transaction.completed_at, 1, number))
    moment: int | None = None
    for _, is_completion, number in sorted(events):
        if is_completion:
            before, moment = moment, graph.new_moment()
            graph.add(Edge(number, moment, Kind.REALTIME))
            if before is not None:
                graph.add(Edge(before, moment, Kind.REALTIME))
        elif moment is not None:
            graph.add(Edge(moment, number, Kind.REALTIME))
