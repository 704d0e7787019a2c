"""A writer: one transaction at a time, numbered commits, and the connection in use."""

import secrets
from dataclasses import dataclass, field

from swarm_workers.stm.questions import Query, Reply
from swarm_workers.stm.wires.seam import Wire


@dataclass(slots=True)
class Carried:
    """Answers that came with the latest commit, for the next transaction of the same kind."""

    answers: dict[Query, Reply]
    at: float
    """When, on the monotonic clock."""


@dataclass(slots=True)
class Slot:
    """What a transaction borrows, and the next one finds as it was left."""

    writer: str = field(default_factory=lambda: secrets.token_urlsafe(6))
    """Eight characters, unlike those of any other slot on any host."""
    sequence: int = 0
    """Of the latest commit or fence that was sent."""
    wire: Wire | None = None
    is_own_wire: bool = True
    """Whether nobody else uses the connection."""
    wants_own_wire: bool = False
    """Whether it must not share one, for what it does would hold up the others."""
    is_uncertain: bool = False
    """True from the sending of a commit until its outcome is known."""
    watched: frozenset[str] = frozenset()
    """Keys under WATCH on this connection, of which the server has told."""
    gate: bytes | None = None
    """Who held the gate when it was last watched."""
    carried: Carried | None = None
    has_programs: bool = False
    """Whether the server of this connection was taught the programs for turns."""
    flight_seconds: float = 0.0
    """What a flight takes here, as of late."""

    def next_sequence(self) -> int:
        """Return the number of the commit that is to be sent now."""
        self.sequence += 1
        return self.sequence

    def forget_watches(self) -> None:
        """The server watches nothing for this connection any more."""
        self.watched = frozenset()
        self.carried = None

    def take_wire(self, wire: Wire, *, is_own: bool = True) -> None:
        """Use this connection from now on."""
        self.wire, self.is_own_wire = wire, is_own
        self.has_programs = False
        self.forget_watches()

    def drop_wire(self) -> None:
        """Give the connection up, if there is one."""
        if self.wire is not None and self.is_own_wire:
            self.wire.close()
        self.wire = None
        self.forget_watches()
