"""What clients of a history are to do, and how they tell of it.

A client tells a line before each transaction and a line after it, so that when it is killed nothing
but the outcome of what it had begun is unknown.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from time import monotonic_ns
from typing import NamedTuple

import msgspec

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

_LISTS = ("l0", "l1", "l2", "l3", "g0", "g1", "g2")
"""Each is many keys, one after the other: a key that has grown to `_GROWN` is left."""
_GROWN = 40
_HINTS_MAX = 8
_TIMEOUT_SECONDS = 0.002
_VALUES_PER_TELLER = 1_000_000

Told = tuple[str, str, int | list[int]]
"""An operation as it stands in a line: its kind, its key, and what was appended or seen."""


class Wish(NamedTuple):
    """One step of a transaction, before it is run."""

    kind: str
    """append, read, members, count or contains."""
    key: str
    value: int = 0
    """To append, or to ask for."""


class Plan(NamedTuple):
    """One transaction, before it is run."""

    wishes: Sequence[Wish]
    is_to_abort: bool = False
    timeout_seconds: float | None = None


class Ending(NamedTuple):
    """What came of a transaction."""

    outcome: Outcome
    operations: Sequence[Operation] = ()
    """What was done and seen; empty unless it committed."""


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One line of a tale."""

    teller: int
    at: int
    """Nanoseconds, on the clock of this machine."""
    outcome: Outcome | None
    """None before the transaction is run."""
    operations: list[Told]
    """Appends before it is run; all operations when it has committed."""


class Teller:
    """Makes up transactions for someone else to run, and tells of them."""

    def __init__(self, number: int, seed: int, tell: Callable[[Line], None]) -> None:
        """Tell nothing yet.

        Args:
            number: nobody else has it. Values come from it, and with the seed all choices.
            seed: of the history.
            tell: takes each line, at once.
        """
        self._number = number
        self._chance = random.Random(f"{seed} {number}")
        self._tell_line = tell
        self._next_value = number * _VALUES_PER_TELLER
        self._generation = dict.fromkeys(_LISTS, 0)
        self._hints: dict[str, list[int]] = {}
        """By key: some values that were seen in it."""

    def begin(self) -> Plan:
        """Return the next transaction, and tell what it will append."""
        plan = self._plan()
        appends = [each for each in plan.wishes if each.kind == "append"]
        self._tell(None, [Append(each.key, each.value) for each in appends])
        return plan

    def end(self, ending: Ending) -> None:
        """Tell what came of it."""
        self._tell(ending.outcome, ending.operations)
        self._learn(ending.operations)

    def _plan(self) -> Plan:
        kinds = ["mixed", "blind", "look", "aborted", "hasty"]
        kind = self._chance.choices(kinds, [55, 20, 17, 5, 3])[0]
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

    def _tell(self, outcome: Outcome | None, operations: Sequence[Operation]) -> None:
        told = [_told(each) for each in operations]
        self._tell_line(Line(self._number, monotonic_ns(), outcome, told))

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

    def _leave(self, key: str, size: int) -> None:
        name, _, generation = key.partition(".")
        if size >= _GROWN:
            self._generation[name] = max(self._generation[name], int(generation) + 1)


def is_listless(key: str) -> bool:
    """Say whether a key has no list, so that to append to it reads nothing."""
    return key.startswith("g")


def transaction(begun: Line, ended: Line | None) -> Transaction:
    """Return what was told of one transaction; `ended` is None if the teller was killed in it."""
    outcome = None if ended is None else ended.outcome
    if ended is None or outcome is None or outcome is Outcome.UNKNOWN:
        outcome, completed_at = Outcome.UNKNOWN, None
    else:
        completed_at = ended.at
    told = ended.operations if ended and outcome is Outcome.COMMITTED else begun.operations
    name = f"c{begun.teller}"
    return Transaction(name, tuple(_operations(told)), outcome, begun.at, completed_at)


def _told(operation: Operation) -> Told:
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
            # The sign says whether it is there: values are above 0.
            value = operation.value if operation.is_there else -operation.value
            return ("contains", operation.key, value)


def _operations(told: Sequence[Told]) -> Iterator[Operation]:
    for kind, key, value in told:
        match kind, value:
            case "read", list():
                yield Read(key, tuple(value))
            case "members", list():
                yield Members(key, frozenset(value))
            case "append", int():
                yield Append(key, value)
            case "count", int():
                yield Count(key, value)
            case "contains", int():
                yield Contains(key, abs(value), value > 0)
            case _:
                raise AssertionError((kind, value))
