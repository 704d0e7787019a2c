"""A whole number that many add to at once."""

from swarm_workers.stm.codec import checked_name
from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.kernel.journal import Added
from swarm_workers.stm.kernel.transaction import Space, Transaction, current
from swarm_workers.stm.questions import Handle, Query

AMOUNT_MAX = 2**40
"""Largest step. A sum beyond 64 bits would fail in the middle of a commit."""


class TCounter(Handle):
    """A number, 0 until it is first changed. Additions do not conflict with each other."""

    def __init__(self, space: Space, name: str) -> None:
        """Name the counter; nothing is read or written. Made by `Stm.counter`."""
        self.name = checked_name("counter", name)
        self._space = space
        self.key = space.key("n", name)

    def add(self, amount: int) -> None:
        """Add at commit; negative amounts subtract. No round trip, no conflict.

        Raises:
            StmUsageError: the amount is not a whole number within ±2^40.
        """
        if type(amount) is not int or abs(amount) > AMOUNT_MAX:
            raise StmUsageError(
                f"counter '{self.name}' cannot change by {amount!r}: "
                f"a step is a whole number of at most {AMOUNT_MAX}"
            )
        transaction = self._transaction()
        total = self._added(transaction) + amount
        transaction.journal.writes[self.key] = Added(total)

    def value(self) -> int:
        """Return the number. From here on it conflicts with additions by others. One flight."""
        transaction = self._transaction()
        stored = transaction.read(Query("GET", self.key))
        assert not isinstance(stored, frozenset)
        return int(stored or 0) + self._added(transaction)

    def take(self, amount: int, *, floor: int = 0) -> int:
        """Subtract as much of the amount as leaves the floor, and return how much that is.

        Exact whatever others do: the counter never falls below the floor by takes alone. While
        there is enough, it conflicts with nothing; the commit makes sure that there still is.
        Source: P. O'Neil, The escrow transactional method, ACM TODS 11(4), 1986.

        Args:
            amount: wanted, 0 or more.
            floor: what has to remain.
        """
        if type(amount) is not int or amount < 0:
            raise StmUsageError(f"counter '{self.name}' cannot give {amount!r}; ask for 0 or more")
        transaction = self._transaction()
        needed = amount + floor - self._added(transaction)
        if transaction.is_at_least(self.key, needed):
            taken = amount
        else:
            taken = max(0, min(amount, self.value() - floor))
        self.add(-taken)
        return taken

    def _added(self, transaction: Transaction) -> int:
        change = transaction.journal.writes.get(self.key)
        return change.amount if isinstance(change, Added) else 0

    def _transaction(self) -> Transaction:
        transaction = current(f"TCounter '{self.name}'", self._space)
        transaction.check_alive()
        return transaction
