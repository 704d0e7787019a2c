"""A first-in, first-out queue."""

from typing import Any, Generic, TypeVar

from swarm_workers.stm.codec import VALUE_BYTES_MAX, Codec, checked_name
from swarm_workers.stm.kernel.journal import Queued
from swarm_workers.stm.kernel.transaction import Space, Transaction, current, retry
from swarm_workers.stm.questions import Handle, Query

T = TypeVar("T")


class TQueue(Handle, Generic[T]):
    """Elements in order. Pushes conflict with nothing, pops with pops.

    There is no fairness between those who wait: each push wakes all, and one of them gets it.
    """

    def __init__(
        self, space: Space, name: str, kind: Any, bytes_max: int = VALUE_BYTES_MAX
    ) -> None:
        """Name the queue; nothing is read or written. Made by `Stm.queue`."""
        self.name = checked_name("queue", name)
        self._space = space
        self.key = space.key("q", name)
        self._codec: Codec[T] = Codec(name, kind, bytes_max)

    def push(self, element: T) -> None:
        """Put an element at the end at commit. No round trip."""
        transaction, encoded = self._transaction(), self._codec.encode(element)
        before = self._change(transaction)
        after = Queued(before.popped, (*before.pushed, encoded))
        transaction.journal.writes[self.key] = after

    def pop(self) -> T:
        """Take the first element; retries while there is none. One flight per element."""
        encoded = self._pop()
        if encoded is None:
            retry()
        return self._codec.decode(encoded)

    def try_pop(self) -> T | None:
        """Take the first element; None if there is none. One flight per element."""
        encoded = self._pop()
        return None if encoded is None else self._codec.decode(encoded)

    def _pop(self) -> bytes | None:
        transaction = self._transaction()
        before = self._change(transaction)
        stored = transaction.read(Query("LINDEX", self.key, b"%d" % before.popped))
        if stored is not None:
            assert isinstance(stored, bytes)
            after = Queued(before.popped + 1, before.pushed)
        elif before.pushed:
            stored, after = before.pushed[0], Queued(before.popped, before.pushed[1:])
        else:
            return None
        transaction.journal.writes[self.key] = after
        return stored

    def _change(self, transaction: Transaction) -> Queued:
        change = transaction.journal.writes.get(self.key)
        return change if isinstance(change, Queued) else Queued()

    def _transaction(self) -> Transaction:
        transaction = current(f"TQueue '{self.name}'", self._space)
        transaction.check_alive()
        return transaction
