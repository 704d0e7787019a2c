"""What the benchmark asks of its agents, and what they report.

Pure: no I/O, no clock, no chance.
"""

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One slice of one measurement, done by a number of agents at once."""

    workload: str
    """A name of `workloads.WORKLOADS`."""
    client: str
    """A name of `peers.CLIENTS`."""
    agents: int = 1
    seconds: float = 0.3
    """How long it is measured, preparation aside."""
    round_trip_seconds: float = 0.0
    """Emulated: no reply is seen earlier than this after its request. 0 leaves the loopback."""
    space: str
    """All keys lie under `{space}:`."""
    seed: int = 0
    keys: int = 1
    """Variables that one transaction touches."""
    work_seconds: float = 0.0
    """Pause between two transactions of an agent."""


class Outcome(msgspec.Struct, kw_only=True):
    """What one agent did in one slice."""

    commits: int = 0
    """In time; the last one of an agent that is alone may end a little later."""
    attempts: int = 0
    """Runs of bodies, so at least `commits`."""
    wasted_seconds: float = 0.0
    """On runs of bodies that did not hold."""
    coordination_seconds: float = 0.0
    """What coordination cost by the library's own statistics; 0 where it has none."""
    inside_seconds: float = 0.0
    """Within transactions, whatever they did there."""
    window_seconds: float = 0.0
    """In which the commits were counted."""
    wall_seconds: float = 0.0
    """Until the last transaction was over."""
    cpu_seconds: float = 0.0
    """Of the client's process, system time included."""
    latencies: list[float] = []
    """Seconds of each transaction."""
    increments: int = 0
    """Additions of 1 that are known to be committed, preparation included; audited at the end."""
    noted: dict[str, float] = {}
    """Counts that only one workload has."""


class Wanted(msgspec.Struct, frozen=True):
    """What the host of the agents is told first; not by its arguments, which anyone can see."""

    agents: int
    url: str
    """Of a server that somebody else runs, with its password; empty to start one."""


class Hello(msgspec.Struct, frozen=True):
    """What the host answers once all is up."""

    url: str
    """Of the server that was started, or that was named."""
    pids: list[int]
    """Processes that have to be gone at the end."""
