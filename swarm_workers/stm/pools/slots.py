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
    caller: object = None
    """The thread or task that borrowed it last."""
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


class Idle:
    """Slots that wait for their next transaction. Not safe to share between threads."""

    def __init__(self) -> None:
        """Hold none."""
        self._slots: dict[object, Slot] = {}
        """In the order in which they came; by the identity of their last caller."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._slots)

    def take(self, caller: object) -> Slot:
        """Return the slot that this caller had last, else the one used last by any, or a new one.

        What came along with its latest commit is of use only to the same caller.
        """
        slot = self._slots.pop(caller, None)
        if slot is None:
            slot = self._slots.popitem()[1] if self._slots else Slot()
        slot.caller = caller
        return slot

    def put(self, slot: Slot) -> Slot | None:
        """Keep a slot; return one that has to go, because its caller has left another."""
        other = self._slots.pop(slot.caller, None)
        self._slots[slot.caller] = slot
        return other

    def clear(self) -> list[Slot]:
        """Hold none any more; return those that were here."""
        slots, self._slots = list(self._slots.values()), {}
        return slots
