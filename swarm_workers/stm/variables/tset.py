"""A set whose additions do not conflict with each other."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from swarm_workers.stm.codec import VALUE_BYTES_MAX, Codec, checked_name
from swarm_workers.stm.kernel.journal import Members
from swarm_workers.stm.kernel.transaction import Space, Transaction, current
from swarm_workers.stm.questions import Handle, Query

T = TypeVar("T")


def change_members(
    transaction: Transaction,
    key: str,
    *,
    added: Iterable[bytes] = (),
    removed: Iterable[bytes] = (),
) -> None:
    """Let this transaction put members into the set under a key, or take them out."""
    transaction.check_alive()
    before, new, gone = members_change(transaction, key), frozenset(added), frozenset(removed)
    transaction.journal.writes[key] = Members(
        (before.added | new) - gone, (before.removed - new) | gone
    )


def members_change(transaction: Transaction, key: str) -> Members:
    """Return what this transaction does to the set under a key."""
    change = transaction.journal.writes.get(key)
    return change if isinstance(change, Members) else Members()


def read_members(transaction: Transaction, key: str) -> frozenset[bytes]:
    """Return all members under a key as this transaction sees them."""
    stored = transaction.read(Query("SMEMBERS", key))
    assert isinstance(stored, frozenset)
    change = members_change(transaction, key)
    return (stored | change.added) - change.removed


class TSet(Handle, Generic[T]):
    """A set of values, compared by their JSON."""

    def __init__(
        self, space: Space, name: str, kind: Any, bytes_max: int = VALUE_BYTES_MAX
    ) -> None:
        """Name the set; nothing is read or written. Made by `Stm.set`."""
        self.name = checked_name("set", name)
        self._space = space
        self.key = space.key("s", name)
        self._codec: Codec[T] = Codec(name, kind, bytes_max)

    def add(self, member: T) -> None:
        """Put a member in at commit. No round trip, no conflict with other additions."""
        change_members(self._transaction(), self.key, added=(self._codec.encode(member),))

    def remove(self, member: T) -> None:
        """Take a member out at commit, if it is there. No round trip."""
        change_members(self._transaction(), self.key, removed=(self._codec.encode(member),))

    def contains(self, member: T) -> bool:
        """Say whether the member is in. Conflicts with its coming and going only. One flight."""
        transaction, encoded = self._transaction(), self._codec.encode(member)
        change = members_change(transaction, self.key)
        if encoded in change.added or encoded in change.removed:
            return encoded in change.added
        return bool(transaction.read(Query("SISMEMBER", self.key, encoded)))

    def __contains__(self, member: T) -> bool:
        return self.contains(member)

    def members(self) -> frozenset[T]:
        """Return all members. One flight; its size is that of the set."""
        encoded = read_members(self._transaction(), self.key)
        return frozenset(self._codec.decode(each) for each in encoded)

    def _transaction(self) -> Transaction:
        return current(f"TSet '{self.name}'", self._space)
