"""From what agents report to figures: a slice, and the median over slices.

Pure: no I/O, no clock, no chance.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from orchestrator.bench.stm.messages import Job, Outcome

_MICRO = 1e6
_MILLI = 1e3


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of one measurement, all agents together."""

    commits_per_second: float
    aborts: float
    """Share of the runs of bodies that did not commit, 0 to 1."""
    wasted: float
    """Share of the agents' time on runs of bodies that did not hold."""
    overhead: float
    """Share of the agents' time within transactions."""
    overhead_by_statistics: float
    """The same by the library's own statistics, without the bodies; 0 where it has none."""
    evenness: float
    """Commits of the agent that has the fewest, over those of the one that has the most."""
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Of the client, for each commit."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """All slices of one measurement."""

    job: Job
    slices: tuple[Slice, ...]
    outcomes: tuple[tuple[Outcome, ...], ...]
    """Of each slice, by agent."""

    def median(self, choose: Callable[[Slice], float]) -> float:
        """Return the median of a figure over the slices; NaN if nothing was measured."""
        return statistics.median(map(choose, self.slices)) if self.slices else math.nan

    def noted(self, name: str) -> float:
        """Return the sum of a count over all agents and slices."""
        return sum(each.noted.get(name, 0) for outcomes in self.outcomes for each in outcomes)

    def as_row(self, name: str) -> dict[str, object]:
        """Return the medians under a name."""
        if not self.slices:
            return {"measurement": name, "slices": 0}
        medians = {
            field: round(self.median(lambda one, field=field: getattr(one, field)), 4)  # type: ignore[misc]
            for field in asdict(self.slices[0])
        }
        counts = {key: self.noted(key) for outcome in self.outcomes[0] for key in outcome.noted}
        return {"measurement": name, **medians, **counts}


def ratio(one: Measurement, other: Measurement, choose: Callable[[Slice], float]) -> float:
    """Return the median over slices of one figure divided by another's in the same turn."""
    pairs = zip(one.slices, other.slices, strict=False)
    ratios = [choose(left) / choose(right) for left, right in pairs if choose(right)]
    return statistics.median(ratios) if ratios else math.nan


def measured(job: Job, outcomes: Sequence[Sequence[Outcome]]) -> Measurement:
    """Return the figures of all slices of one job."""
    slices = tuple(summed(each) for each in outcomes if any(outcome.latencies for outcome in each))
    return Measurement(job, slices, tuple(tuple(each) for each in outcomes))


def summed(outcomes: Sequence[Outcome]) -> Slice:
    """Return the figures of one slice; at least one agent has a latency."""
    busy = [each for each in outcomes if each.latencies]
    latencies = sorted(seconds for each in busy for seconds in each.latencies)
    commits = [each.commits for each in busy]
    attempts = sum(each.attempts for each in busy)
    wall = sum(each.wall_seconds for each in busy)
    return Slice(
        commits_per_second=sum(_share(each.commits, each.window_seconds) for each in busy),
        aborts=1 - len(latencies) / attempts if attempts else 0.0,
        wasted=_share(sum(each.wasted_seconds for each in busy), wall),
        overhead=_share(sum(each.inside_seconds for each in busy), wall),
        overhead_by_statistics=_share(sum(each.coordination_seconds for each in busy), wall),
        evenness=_share(min(commits), max(commits)),
        p50_ms=_MILLI * quantile(latencies, 0.5),
        p99_ms=_MILLI * quantile(latencies, 0.99),
        cpu_us=_MICRO * sum(each.cpu_seconds for each in busy) / len(latencies),
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the element below which this share of a sorted, non-empty sequence lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
