"""A map whose entries do not conflict with each other."""

from typing import Any, Generic, TypeVar

from swarm_workers.stm.codec import VALUE_BYTES_MAX, Codec, checked_name
from swarm_workers.stm.kernel.transaction import Space, Transaction, current
from swarm_workers.stm.questions import Query
from swarm_workers.stm.variables.tset import change_members, members_change, read_members
from swarm_workers.stm.variables.tvar import read_payload, write_payload

T = TypeVar("T")


class TMap(Generic[T]):
    """Values by text keys.

    Invariant: a key of the map has an entry under a key of its own, and is a member of the map's
    set of keys, or neither. `get` and `put` touch one entry; `items` also reads the set of keys, so
    it conflicts with entries that come and go (no phantoms).
    """

    def __init__(
        self, space: Space, name: str, kind: Any, bytes_max: int = VALUE_BYTES_MAX
    ) -> None:
        """Name the map; nothing is read or written. Made by `Stm.map`."""
        # Without ':', which ends the name in the key of an entry: no two maps share an entry.
        self.name = checked_name("map", name, forbidden=":")
        self._space = space
        self._keys_key = space.key("k", name)
        self._codec: Codec[T] = Codec(name, kind, bytes_max)

    def get(self, key: str, default: T | None = None) -> T | None:
        """Return the value of a key, or the default. One flight unless known."""
        payload = read_payload(self._transaction(), self._entry(key))
        return default if payload is None else self._codec.decode(payload)

    def put(self, key: str, value: T) -> None:
        """Set the value of a key at commit. No round trip."""
        transaction, payload = self._transaction(), self._codec.encode(value)
        entry, member = self._entry(key), key.encode()
        write_payload(transaction, entry, payload)
        query = Query("GET", entry)
        is_stored = transaction.journal.observed.get(query) is not None
        if is_stored:
            transaction.journal.asked[query] = None  # that it is there is relied on
        if not is_stored or member in members_change(transaction, self._keys_key).removed:
            change_members(transaction, self._keys_key, added=(member,))

    def remove(self, key: str) -> None:
        """Remove a key at commit, if it is there. No round trip."""
        transaction = self._transaction()
        write_payload(transaction, self._entry(key), None)
        change_members(transaction, self._keys_key, removed=(key.encode(),))

    def items(self) -> dict[str, T]:
        """Return all entries, sorted by key. Two flights; their size is that of the map."""
        transaction = self._transaction()
        names = sorted(each.decode() for each in read_members(transaction, self._keys_key))
        entries = [self._entry(name) for name in names]
        unwritten = [each for each in entries if each not in transaction.journal.writes]
        transaction.read_all([Query("GET", each) for each in unwritten])
        payloads = zip(names, (read_payload(transaction, each) for each in entries), strict=True)
        return {name: self._codec.decode(each) for name, each in payloads if each is not None}

    def _entry(self, key: str) -> str:
        return self._space.key("m", f"{self.name}:{checked_name('key', key)}")

    def _transaction(self) -> Transaction:
        return current(f"TMap '{self.name}'", self._space)
