"""A variable that holds one value."""

from typing import Any, Generic, TypeVar

from swarm_workers.stm.codec import VALUE_BYTES_MAX, Codec, checked_name, payload_of
from swarm_workers.stm.kernel.journal import Assigned
from swarm_workers.stm.kernel.transaction import Space, Transaction, current
from swarm_workers.stm.questions import Handle, Query

T = TypeVar("T")


def read_payload(transaction: Transaction, key: str) -> bytes | None:
    """Return the JSON under a key as this transaction sees it; None if there is none."""
    change = transaction.journal.writes.get(key)
    if isinstance(change, Assigned):
        return change.payload
    return _stored_payload(key, transaction.read(Query("GET", key)))


def write_payload(transaction: Transaction, key: str, payload: bytes | None) -> None:
    """Let this transaction replace the JSON under a key; None removes it."""
    transaction.check_alive()
    query, observed = Query("GET", key), transaction.journal.observed
    is_unchanged = query in observed and _stored_payload(key, observed[query]) == payload
    if is_unchanged:
        transaction.journal.asked[query] = None  # that it is the same is relied on
    transaction.journal.writes[key] = Assigned(payload, is_unchanged)


class TVar(Handle, Generic[T]):
    """A value that transactions read and replace. A handle: making one costs no round trip."""

    def __init__(
        self, space: Space, name: str, kind: Any, default: T, bytes_max: int = VALUE_BYTES_MAX
    ) -> None:
        """Name the variable; nothing is read or written. Made by `Stm.var`."""
        self.name = checked_name("variable", name)
        self._space = space
        self.key = space.key("v", name)
        self._codec: Codec[T] = Codec(name, kind, bytes_max)
        # As bytes, so that no caller can change the default of another through a shared object.
        self._default = self._codec.encode(default)

    def get(self) -> T:
        """Return the value, or the default if none was ever set. One flight unless known.

        The object is the caller's own: changing it in place changes nothing that is shared.
        """
        payload = read_payload(self._transaction(), self.key)
        return self._codec.decode(self._default if payload is None else payload)

    def set(self, value: T) -> None:
        """Replace the value at commit. No round trip; no write if it was read and is the same.

        Raises:
            StmCodecError: the value is not of the type.
            ValueTooLargeError: it is over the limit.
        """
        write_payload(self._transaction(), self.key, self._codec.encode(value))

    def _transaction(self) -> Transaction:
        return current(f"TVar '{self.name}'", self._space)


def _stored_payload(key: str, stored: object) -> bytes | None:
    if stored is None:
        return None
    assert isinstance(stored, bytes)
    return payload_of(key, stored)
