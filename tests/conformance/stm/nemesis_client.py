"""One client of a history: runs transactions, and tells of each before and after.

It writes a line for what it is about to do and a line for what came of it, at once and whole, so
that after a SIGKILL nothing but the outcome of its last transaction is unknown.
"""

import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from tests.conformance.stm.nemesis_stores import (
    AbortedError,
    Store,
    UnknownError,
    Wish,
    is_listless,
    open_store,
)
from tests.support.elle.history import Append, Contains, Count, Members, Operation, Outcome, Read

_LISTS = ("l0", "l1", "l2", "l3", "g0", "g1", "g2")
"""Each is many keys, one after the other: a key that has grown to `_GROWN` is left."""
_GROWN = 40
_HINTS_MAX = 8
_TIMEOUT_SECONDS = 0.002
_VALUES_PER_CLIENT = 1_000_000


class Order(msgspec.Struct, frozen=True):
    """What a client is to do."""

    store: str
    url: str
    space: str
    number: int
    """Of this client; no other has it. Its values and its chance come from it."""
    seed: int
    transactions: int


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One line of a client's tale."""

    at: int
    """Nanoseconds, on the clock of this machine."""
    outcome: Outcome | None
    """None before the transaction is run."""
    operations: list[tuple[str, str, int | bool | list[int]]]
    """Appends before it is run; all operations when it has committed."""


class Plan(NamedTuple):
    """One transaction, before it is run."""

    wishes: Sequence[Wish]
    is_to_abort: bool = False
    timeout_seconds: float | None = None


class Client:
    """Makes up transactions and runs them, one after the other."""

    def __init__(self, order: Order, store: Store, tell: Callable[[Line], None]) -> None:
        """Tell nothing yet.

        Args:
            order: what to do; the place of the server is left to the store.
            store: what to run transactions on.
            tell: takes each line, at once.
        """
        self._chance = random.Random(f"{order.seed} {order.number}")
        self._store = store
        self._tell_line = tell
        self._next_value = order.number * _VALUES_PER_CLIENT
        self._generation = dict.fromkeys(_LISTS, 0)
        self._hints: dict[str, list[int]] = {}
        """By key: some values that were seen in it."""

    def run_one(self) -> None:
        """Run one transaction, and tell of it."""
        plan = self._plan()
        self._tell(
            None, [Append(each.key, each.value) for each in plan.wishes if each.kind == "append"]
        )
        try:
            done = self._store.run(
                plan.wishes, is_to_abort=plan.is_to_abort, timeout_seconds=plan.timeout_seconds
            )
        except AbortedError:
            self._tell(Outcome.ABORTED, [])
        except UnknownError:
            self._tell(Outcome.UNKNOWN, [])
        else:
            self._tell(Outcome.COMMITTED, done)
            self._learn(done)

    def _plan(self) -> Plan:
        kind = self._chance.choices(
            ["mixed", "blind", "look", "aborted", "hasty"], [55, 20, 17, 5, 3]
        )[0]
        count = self._chance.randint(1, 4)
        match kind:
            case "blind":
                lists = [name for name in _LISTS if is_listless(name)]
                return Plan([self._append(self._key(lists)) for _ in range(count)])
            case "look":
                return Plan([self._look(self._key(_LISTS)) for _ in range(count)])
            case _:
                wishes = [self._any(self._key(_LISTS)) for _ in range(count)]
        timeout_seconds = _TIMEOUT_SECONDS if kind == "hasty" else None
        return Plan(wishes, kind == "aborted", timeout_seconds)

    def _key(self, lists: Sequence[str]) -> str:
        name = self._chance.choice(lists)
        return f"{name}.{self._generation[name]}"

    def _any(self, key: str) -> Wish:
        return self._append(key) if self._chance.random() < 0.5 else self._look(key)

    def _append(self, key: str) -> Wish:
        self._next_value += 1
        return Wish("append", key, self._next_value)

    def _look(self, key: str) -> Wish:
        whole = ["members"] if is_listless(key) else ["members", "read", "read"]
        kind = self._chance.choice([*whole, "count", "contains"])
        hints = self._hints.get(key, [])
        if kind != "contains" or not hints:
            return Wish("count" if kind == "contains" else kind, key)
        return Wish(kind, key, self._chance.choice(hints))

    def _learn(self, done: Sequence[Operation]) -> None:
        for operation in done:
            match operation:
                case Read() | Members():
                    self._hints[operation.key] = list(operation.values)[-_HINTS_MAX:]
                    self._leave(operation.key, len(operation.values))
                case Count():
                    self._leave(operation.key, operation.count)
                case Append():
                    hints = [*self._hints.get(operation.key, []), operation.value]
                    self._hints[operation.key] = hints[-_HINTS_MAX:]
                case Contains():
                    continue

    def _tell(self, outcome: Outcome | None, operations: Sequence[Operation]) -> None:
        self._tell_line(Line(time.monotonic_ns(), outcome, [told(each) for each in operations]))

    def _leave(self, key: str, size: int) -> None:
        name, _, generation = key.partition(".")
        if size >= _GROWN:
            self._generation[name] = max(self._generation[name], int(generation) + 1)


def told(operation: Operation) -> tuple[str, str, int | bool | list[int]]:
    """Return an operation as it stands in a line."""
    match operation:
        case Append():
            return ("append", operation.key, operation.value)
        case Read():
            return ("read", operation.key, list(operation.values))
        case Members():
            return ("members", operation.key, sorted(operation.values))
        case Count():
            return ("count", operation.key, operation.count)
        case Contains():
            # The sign says whether: values are above 0.
            value = operation.value if operation.is_there else -operation.value
            return ("contains", operation.key, value)


def _write(line: Line) -> None:
    data = msgspec.json.encode(line) + b"\n"
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


def main() -> None:
    """Do what the first argument orders."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    client = Client(order, open_store(order.store, order.url, order.space), _write)
    for _ in range(order.transactions):
        client.run_one()


if __name__ == "__main__":
    main()
