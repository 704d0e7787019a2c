"""The verdict on a history.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tests.support.elle.history import History


class Anomaly(StrEnum):
    """What a serializable history does not have."""

    G0 = "G0"
    """Writes of two transactions interleave: a cycle of ww."""
    G1A = "G1a"
    """A read of what an aborted transaction wrote."""
    G1B = "G1b"
    """A read of a part of what a transaction wrote to one key."""
    G1C = "G1c"
    """Information flows in a circle: a cycle of ww and wr."""
    G_SINGLE = "G-single"
    """Read skew or lost update: a cycle with one rw."""
    G2 = "G2"
    """Write skew: a cycle with several rw."""
    PROCESS = "process"
    """A cycle that needs the order in which one client ran its transactions."""
    REALTIME = "realtime"
    """A cycle that needs the order in time: something happened before it had begun."""
    DUPLICATE = "duplicate"
    """An append took effect twice."""
    GARBAGE = "garbage"
    """Something was read that nobody wrote."""
    LOST = "lost append"
    """A committed append is missing from a later read."""
    INCOMPATIBLE = "incompatible order"
    """Two reads of one key, of which neither continues the other."""
    INTERNAL = "internal"
    """A transaction contradicts itself: its own appends, or two views of one key."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One anomaly, with the transactions that show it."""

    anomaly: Anomaly
    transactions: tuple[int, ...]
    """Places in the history; in a cycle, each leads to the next and the last to the first."""
    reasons: tuple[str, ...]
    """A sentence each; in a cycle, one per step."""

    def explain(self, history: History) -> str:
        """Return the whole story: the anomaly, what its transactions did, and why it is one."""
        told = [f"  T{each} {history[each]}" for each in dict.fromkeys(self.transactions)]
        return "\n".join([f"{self.anomaly}:", *told, *(f"  - {each}" for each in self.reasons)])


@dataclass(frozen=True, slots=True)
class Report:
    """What the checker found."""

    history: History
    findings: tuple[Finding, ...]
    committed: int
    """Transactions that took effect, those of unknown outcome that were seen included."""
    found_committed: tuple[int, ...]
    """Transactions of unknown outcome whose appends were seen."""
    found_absent: tuple[int, ...]
    """Transactions of unknown outcome that later reads show to have no effect."""
    unresolved: tuple[int, ...]
    """Transactions of unknown outcome of which no read tells."""

    @property
    def is_clean(self) -> bool:
        """Say whether there is no anomaly, and no outcome left open."""
        return not self.findings and not self.unresolved

    def count(self) -> Counter[Anomaly]:
        """Return how often each anomaly was found."""
        return Counter(each.anomaly for each in self.findings)

    def of(self, *anomalies: Anomaly) -> list[Finding]:
        """Return the findings of these kinds."""
        return [each for each in self.findings if each.anomaly in anomalies]

    def __str__(self) -> str:
        named = ", ".join(f"{count} {name}" for name, count in self.count().most_common())
        first = _one_of_each(self.findings)
        summary = (
            f"{len(self.history)} transactions, {self.committed} committed; unknown outcomes: "
            f"{len(self.found_committed)} found committed, {len(self.found_absent)} found absent, "
            f"{len(self.unresolved)} unresolved; anomalies: {named or 'none'}"
        )
        return "\n".join([summary, *(each.explain(self.history) for each in first)])


def _one_of_each(findings: Iterable[Finding]) -> list[Finding]:
    first: dict[Anomaly, Finding] = {}
    for each in findings:
        first.setdefault(each.anomaly, each)
    return list(first.values())
