"""What coordination cost the agents of a run: their time in transactions, by what it went into.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Overhead:
    """Seconds of agents, summed over all of them; and how often transactions had to run."""

    agent_seconds: float
    """From the beginning to the end of each attempt: what all shares are of."""
    network_seconds: float
    """To Redis and back, in runs that held."""
    wasted_seconds: float
    """In runs in vain, because others had changed what they read."""
    queue_seconds: float
    """For the token of a contended variable, or at the gate."""
    blocked_seconds: float
    """In `retry`, until somebody else had done something."""
    commits: int
    runs: int

    @property
    def seconds(self) -> float:
        """All that would not be there if agents worked alone."""
        waiting = self.queue_seconds + self.blocked_seconds
        return self.network_seconds + self.wasted_seconds + waiting

    @property
    def share(self) -> float:
        """Of the time of agents, 0 to 1."""
        return min(1.0, self.seconds / max(1e-9, self.agent_seconds))

    @property
    def repeats_per_commit(self) -> float:
        """How many runs of a body were in vain for each transaction that held."""
        return max(0, self.runs - self.commits) / max(1, self.commits)


def overhead_of(statistics: Mapping[str, Any], agent_seconds: float) -> Overhead:
    """Return the overhead from what the processes of a run have published.

    Args:
        statistics: as `experiment_runs.statistics` has them: by call site.
        agent_seconds: that all attempts together took.
    """
    sites: list[Mapping[str, Any]] = list(statistics["sites"].values())

    def total(field: str) -> float:
        return float(sum(site.get(field, 0) for site in sites))

    return Overhead(
        agent_seconds=agent_seconds,
        network_seconds=total("network_seconds"),
        wasted_seconds=total("wasted_seconds"),
        queue_seconds=total("queue_seconds"),
        blocked_seconds=total("blocked_seconds"),
        commits=int(total("commits")),
        runs=int(total("runs")),
    )
