"""The values of a swarm's shared variables.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass, replace

from tasks_schema.kinds import SwarmStatus


@dataclass(frozen=True, slots=True)
class SwarmState:
    """Whether the swarm runs. `running` becomes final once, and never changes again."""

    status: SwarmStatus = SwarmStatus.PENDING
    reason: str = ""
    branch: str = ""
    """The branch that solved it; empty while none did."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The success command on the code as it was."""

    exit_status: int | None
    """None if it was killed: `stopped_by` says by which limit."""
    passed: int
    failed: int
    seconds: float
    refusal: str = ""
    """A sentence that says why no agent can work on this; empty if agents can."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest landing of a branch, as the agents know it."""

    branch: str
    landing: int
    exit_status: int | None
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """The lease of one agent's turn."""

    turn: int = -1
    """The latest turn that was claimed; -1 before the first."""
    holder: str = ""
    """`host/pid/start` of the process that runs it."""
    until: float = 0.0
    """Unix seconds at which the lease lapses."""
    deliveries: int = 0
    """How many processes have claimed this turn, the present one included."""
    is_done: bool = True
    slice: tuple[str, int, int] | None = None
    """The lead and the range that this agent holds; what a crash leaves open is given back."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A candidate that turned some of the red tests green that it should have, and none red."""

    rank: int
    gained: tuple[str, ...]
    edits: tuple[tuple[str, int, int, str], ...]
    operator: str
    line: int


@dataclass(frozen=True, slots=True)
class Lead:
    """How far the search for one red test on one state of the files it touches has come."""

    next: int = 0
    """Index in the ranked list of the first candidate that nobody has claimed."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Ranges that were claimed and given back untried."""
    open: tuple[str, ...] = ()
    """Agents that hold a slice."""
    total: int | None = None
    """Length of the ranked list; None until an agent has ranked it."""
    partial: Partial | None = None

    @property
    def is_exhausted(self) -> bool:
        """Say whether there is nothing left to claim."""
        return self.total is not None and self.next >= self.total and not self.gaps

    def claimed(self, agent: str, count: int) -> tuple["Lead", tuple[int, int]]:
        """Return the lead after this agent took at most `count` candidates, and the range taken."""
        taken_by = (*(other for other in self.open if other != agent), agent)
        if self.gaps:
            (start, stop), *rest = self.gaps
            middle = min(stop, start + count)
            gaps = tuple(rest) if middle == stop else ((middle, stop), *rest)
            return replace(self, gaps=gaps, open=taken_by), (start, middle)
        stop = self.next + count
        return replace(self, next=stop, open=taken_by), (self.next, stop)

    def closed(self, agent: str, *, untried: tuple[int, int] | None, total: int | None) -> "Lead":
        """Return the lead after this agent ended its slice.

        Args:
            agent: whose slice ends.
            untried: the part of it that was not evaluated; None if all was.
            total: length of the ranked list, where this agent found it out.
        """
        gaps = (*self.gaps, untried) if untried and untried[0] < untried[1] else self.gaps
        known = self.total if total is None else total
        if known is not None:
            gaps = tuple((a, min(b, known)) for a, b in gaps if a < known)
        still_open = tuple(other for other in self.open if other != agent)
        return replace(self, gaps=gaps, open=still_open, total=known)
