"""Histories that are serializable by construction: one transaction after the other, on plain lists.

Each transaction takes effect at an instant between its invocation and its completion; the spans of
different clients overlap. Some abort, some clients die and leave an unknown outcome.

Pure: no I/O, no clock, no chance. (Chance comes as an argument.)
"""

import random
from collections import defaultdict

from tests.support.elle.history import (
    Append,
    Contains,
    Count,
    Members,
    Operation,
    Outcome,
    Read,
    Transaction,
)

_SPAN_MAX = 40
_TICK = 10
"""Time from one transaction's effect to the next one's."""


class Simulator:
    """A serial store and the clients that talk to it."""

    def __init__(self, chance: random.Random, *, keys: int = 4, clients: int = 4) -> None:
        """Begin with empty lists.

        Args:
            chance: decides what transactions do.
            keys: how many lists.
            clients: how many run at the same time.
        """
        self._chance = chance
        self._keys = [f"k{number}" for number in range(keys)]
        self._clients = [f"c{number}" for number in range(clients)]
        self._free_at = dict.fromkeys(self._clients, 0)
        self._lists: dict[str, list[int]] = defaultdict(list)
        self._next_value = 0
        self._now = 0

    def run(self, transactions: int, *, is_read_at_last: bool = True) -> list[Transaction]:
        """Return a history.

        Args:
            transactions: how many.
            is_read_at_last: whether one more reads every key when all others are over.
        """
        history = [self._transaction() for _ in range(transactions)]
        if not is_read_at_last:
            return history
        self._now += 10 * _SPAN_MAX
        reads = tuple(Read(key, tuple(self._lists[key])) for key in self._keys)
        last = Transaction("last", reads, Outcome.COMMITTED, self._now, self._now + 1)
        return [*history, last]

    def _transaction(self) -> Transaction:
        self._now += _TICK
        client = self._chance.choice(self._clients)
        if self._free_at[client] >= self._now:
            client = f"{client} at {self._now}"
        begin = max(self._free_at.get(client, 0), self._now - self._chance.randrange(_SPAN_MAX))
        end = self._now + 1 + self._chance.randrange(_SPAN_MAX)
        outcome = self._chance.choices(list(Outcome), [20, 1, 1])[0]
        has_effect = outcome is Outcome.COMMITTED or (
            outcome is Outcome.UNKNOWN and self._chance.random() < 0.5
        )
        operations = self._body(has_effect=has_effect)
        if outcome is Outcome.UNKNOWN:
            return Transaction(f"{client} dies", operations, outcome, begin, None)
        self._free_at[client] = end
        return Transaction(client, operations, outcome, begin, end)

    def _body(self, *, has_effect: bool) -> tuple[Operation, ...]:
        lists = {key: list(values) for key, values in self._lists.items()}
        operations = tuple(
            self._operation(key := self._chance.choice(self._keys), lists.setdefault(key, []))
            for _ in range(self._chance.randint(1, 4))
        )
        if has_effect:
            self._lists.update(lists)
        return operations

    def _operation(self, key: str, values: list[int]) -> Operation:
        match self._chance.randrange(6):
            case 0 | 1:
                self._next_value += 1
                values.append(self._next_value)
                return Append(key, self._next_value)
            case 2:
                return Members(key, frozenset(values))
            case 3:
                return Count(key, len(values))
            case 4:
                asked = self._chance.randint(1, self._next_value + 1)
                return Contains(key, asked, asked in values)
            case _:
                return Read(key, tuple(values))
