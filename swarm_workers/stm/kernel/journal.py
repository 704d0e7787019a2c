"""What one run of a body has read and wants to write, with savepoints for `or_else` and `nested`.

Pure: no I/O, no clock, no chance.

Invariants: `observed` is one state of the space (the kernel lets nothing else in); it only grows
within a run, also when writes are rolled back, because what a dropped branch has read still decided
which way the body went. `writes` holds at most one change per key.
Source: T. Harris et al., Composable memory transactions, PPoPP 2005 (orElse keeps the reads).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from swarm_workers.stm.questions import Effect, Query, Reply


class Change(Protocol):
    """What a transaction does to one key."""

    def effects(self, key: str) -> list[Effect]:
        """Return the commands for it; none if it comes to nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Assigned:
    """A value replaced, or removed."""

    payload: bytes | None
    """Without header; None removes the key."""
    is_unchanged: bool = False
    """True if the value was read before and is the same: it is not written, so wakes nobody."""

    def effects(self, key: str) -> list[Effect]:
        """Return at most one command."""
        if self.is_unchanged:
            return []
        if self.payload is None:
            return [Effect("DEL", key)]
        return [Effect("SET", key, (self.payload,))]


@dataclass(frozen=True, slots=True)
class Added:
    """A number changed by a difference; commutes with other differences."""

    amount: int = 0

    def effects(self, key: str) -> list[Effect]:
        """Return at most one command."""
        return [Effect("INCRBY", key, (self.amount,))] if self.amount else []


@dataclass(frozen=True, slots=True)
class Members:
    """Members put into a set and taken out of it; no member is in both."""

    added: frozenset[bytes] = frozenset()
    removed: frozenset[bytes] = frozenset()

    def effects(self, key: str) -> list[Effect]:
        """Return at most two commands."""
        added = [Effect("SADD", key, tuple(sorted(self.added)))] if self.added else []
        removed = [Effect("SREM", key, tuple(sorted(self.removed)))] if self.removed else []
        return added + removed


@dataclass(frozen=True, slots=True)
class Queued:
    """Elements taken from the head of a list and put at its tail."""

    popped: int = 0
    """How many of those that were there."""
    pushed: tuple[bytes, ...] = ()

    def effects(self, key: str) -> list[Effect]:
        """Return at most two commands."""
        popped = [Effect("LTRIM", key, (self.popped, -1))] if self.popped else []
        pushed = [Effect("RPUSH", key, self.pushed)] if self.pushed else []
        return popped + pushed


@dataclass(frozen=True, slots=True)
class Appended:
    """Entries for a stream, in order."""

    texts: tuple[bytes, ...] = ()

    def effects(self, key: str) -> list[Effect]:
        """Return one command per entry."""
        return [Effect("XADD", key, (b"*", b"report", text)) for text in self.texts]


class Savepoint(NamedTuple):
    """The writes at one moment of a run."""

    writes: dict[str, Change]
    on_commit: int
    on_abort: int


class Journal:
    """The log of one run."""

    __slots__ = ("asked", "has_peeked", "observed", "on_abort", "on_commit", "writes")

    def __init__(self) -> None:
        """Begin with nothing read and nothing written."""
        self.observed: dict[Query, Reply] = {}
        """All answers so far: one state of the space."""
        self.asked: dict[Query, None] = {}
        """What the body itself asked, in order: the next run fetches it in one flight."""
        self.has_peeked = False
        """Whether some of it only followed from what it peeked at."""
        self.writes: dict[str, Change] = {}
        self.on_commit: list[Callable[[], object]] = []
        self.on_abort: list[Callable[[], object]] = []

    def savepoint(self) -> Savepoint:
        """Return what `roll_back` needs to drop the writes that come after."""
        return Savepoint(dict(self.writes), len(self.on_commit), len(self.on_abort))

    def roll_back(self, savepoint: Savepoint) -> None:
        """Drop writes and callbacks since the savepoint; what was read stays."""
        self.writes = dict(savepoint.writes)
        del self.on_commit[savepoint.on_commit :]
        del self.on_abort[savepoint.on_abort :]

    def forget_writes(self) -> None:
        """Drop all writes and callbacks; what was read and asked stays."""
        self.roll_back(Savepoint({}, 0, 0))

    def effects(self) -> list[Effect]:
        """Return the commands of the commit, in the order in which keys were first written."""
        return [each for key, change in self.writes.items() for each in change.effects(key)]

    def relied_on(self) -> dict[Query, Reply]:
        """Return the answers that the body has been given: what was only foretold binds nobody."""
        if len(self.asked) == len(self.observed) and not self.has_peeked:
            return self.observed
        return {query: self.observed[query] for query in self.asked if query.kind != "PEEK"}

    def to_foretell(self) -> tuple[Query, ...]:
        """Return what to ask for when the same body runs again; the rest follows from it."""
        if not self.has_peeked:
            return tuple(self.asked)
        return tuple(query for query in self.asked if query.kind != "ATLEAST")

    def watched_keys(self) -> frozenset[str]:
        """Return the keys whose change may change what the body does."""
        return frozenset(query.key for query in self.asked)
