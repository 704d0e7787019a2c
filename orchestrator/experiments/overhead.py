"""What coordination cost the agents of a run: their time in transactions, by what it went into.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLAIM = "Lease._claim"
"""The call site at which a turn begins: every process of agents has it, and no other."""
_AROUND = (CLAIM, "Lease._finish")
"""Call sites outside of what an attempt measures as its own time."""
_IN_THREADS = ("Lease._beat",)
"""Call sites of threads beside the agent, which wait for nobody."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """Seconds of agents, summed over all of them; and how often transactions had to run."""

    agent_seconds: float
    """From the claim of each turn to its end: what all shares are of."""
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


def overhead_of(statistics: Mapping[str, Any], attempt_seconds: float) -> Overhead:
    """Return the overhead from what the processes of a run have published.

    Args:
        statistics: as `experiment_runs.statistics` has them: by call site.
        attempt_seconds: that all attempts together took, from after the claim of a turn to before
            its end. The transactions of claim and end are added to it.
    """
    sites = {
        name: site for name, site in statistics["sites"].items() if not name.endswith(_IN_THREADS)
    }

    def total(field: str) -> float:
        return float(sum(site.get(field, 0) for site in sites.values()))

    around = sum(_seconds(site) for name, site in sites.items() if name.endswith(_AROUND))
    return Overhead(
        agent_seconds=attempt_seconds + around,
        network_seconds=total("network_seconds"),
        wasted_seconds=total("wasted_seconds"),
        queue_seconds=total("queue_seconds"),
        blocked_seconds=total("blocked_seconds"),
        commits=int(total("commits")),
        runs=int(total("runs")),
    )


def _seconds(site: Mapping[str, Any]) -> float:
    """Return all the time that went into the transactions of one call site."""
    parts = ("body", "network", "wasted", "queue", "blocked")
    return float(sum(site.get(f"{part}_seconds", 0) for part in parts))
