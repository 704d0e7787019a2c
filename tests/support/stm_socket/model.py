"""What a space is, in plain collections, and programs that run on the space and on the collections.

A program is a list of steps: the name of an operation and its arguments. Branches are steps that
hold programs. `perform` runs one on either side and logs every answer, so that two logs can be
compared; which side it is it does not know.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from swarm_workers.stm import Stm, check, nested, or_else, retry

Step = tuple[Any, ...]
Program = list[Step]
Log = list[Any]


class FaultError(LookupError):
    """Raised by a program where it says so."""


class ModelRetry(BaseException):
    """The model's `retry`."""


class Side(Protocol):
    """A space or its model: what programs are made of, beside operations by name."""

    def nested(self, body: Callable[[], object]) -> object: ...

    def or_else(self, left: Callable[[], object], right: Callable[[], object]) -> object: ...

    def retry(self) -> NoReturn: ...


def perform(side: Side, program: Program, log: Log) -> None:
    """Run a program, and log what it is answered."""
    for name, *rest in program:
        match name:
            case "nested":
                log.append(_nested(side, rest[0], log))
            case "or_else":
                left, right = rest
                log.append(side.or_else(_branch(side, left, log), _branch(side, right, log)))
            case "retry":
                side.retry()
            case "fail":
                raise FaultError(*rest)
            case _:
                log.append((name, getattr(side, name)(*rest)))


def _branch(side: Side, program: Program, log: Log) -> Callable[[], None]:
    return lambda: perform(side, program, log)


def _nested(side: Side, program: Program, log: Log) -> str:
    try:
        side.nested(_branch(side, program, log))
    except FaultError:
        return "undone"
    return "done"


@dataclass
class Model:
    """A space as plain collections."""

    values: dict[str, int] = field(default_factory=dict)
    number: int = 0
    members: set[str] = field(default_factory=set)
    entries: dict[str, int] = field(default_factory=dict)
    elements: list[int] = field(default_factory=list)

    def set(self, name: str, value: int) -> None:
        self.values[name] = value

    def get(self, name: str) -> int:
        return self.values.get(name, 0)

    def add(self, amount: int) -> None:
        self.number += amount

    def total(self) -> int:
        return self.number

    def take(self, amount: int, floor: int) -> int:
        taken = max(0, min(amount, self.number - floor))
        self.number -= taken
        return taken

    def await_total(self, least: int) -> None:
        if self.number < least:
            self.retry()

    def insert(self, member: str) -> None:
        self.members.add(member)

    def discard(self, member: str) -> None:
        self.members.discard(member)

    def contains(self, member: str) -> bool:
        return member in self.members

    def listing(self) -> frozenset[str]:
        return frozenset(self.members)

    def put(self, key: str, value: int) -> None:
        self.entries[key] = value

    def fetch(self, key: str) -> int | None:
        return self.entries.get(key)

    def delete(self, key: str) -> None:
        self.entries.pop(key, None)

    def items(self) -> dict[str, int]:
        return dict(self.entries)

    def push(self, element: int) -> None:
        self.elements.append(element)

    def pop(self) -> int:
        if not self.elements:
            self.retry()
        return self.elements.pop(0)

    def try_pop(self) -> int | None:
        return self.elements.pop(0) if self.elements else None

    def retry(self) -> NoReturn:
        raise ModelRetry

    def nested(self, body: Callable[[], object]) -> object:
        before = copy.deepcopy(vars(self))
        try:
            return body()
        except FaultError:
            vars(self).update(before)
            raise

    def or_else(self, left: Callable[[], object], right: Callable[[], object]) -> object:
        before = copy.deepcopy(vars(self))
        try:
            return left()
        except ModelRetry:
            vars(self).update(before)
        return right()


class Space:
    """The same operations on a space."""

    def __init__(self, stm: Stm) -> None:
        self.stm = stm
        self._number = stm.counter("number")
        self._members = stm.set("members", str)
        self._entries = stm.map("entries", int)
        self._elements = stm.queue("elements", int)

    def set(self, name: str, value: int) -> None:
        self.stm.var(name, int, default=0).set(value)

    def get(self, name: str) -> int:
        return self.stm.var(name, int, default=0).get()

    def add(self, amount: int) -> None:
        self._number.add(amount)

    def total(self) -> int:
        return self._number.value()

    def take(self, amount: int, floor: int) -> int:
        return self._number.take(amount, floor=floor)

    def await_total(self, least: int) -> None:
        check(self._number.value() >= least)

    def insert(self, member: str) -> None:
        self._members.add(member)

    def discard(self, member: str) -> None:
        self._members.remove(member)

    def contains(self, member: str) -> bool:
        return member in self._members

    def listing(self) -> frozenset[str]:
        return self._members.members()

    def put(self, key: str, value: int) -> None:
        self._entries.put(key, value)

    def fetch(self, key: str) -> int | None:
        return self._entries.get(key)

    def delete(self, key: str) -> None:
        self._entries.remove(key)

    def items(self) -> dict[str, int]:
        return self._entries.items()

    def push(self, element: int) -> None:
        self._elements.push(element)

    def pop(self) -> int:
        return self._elements.pop()

    def try_pop(self) -> int | None:
        return self._elements.try_pop()

    def retry(self) -> NoReturn:
        self.stm.var("something", int, default=0).get()  # waiting for nothing is refused
        retry()

    def nested(self, body: Callable[[], object]) -> object:
        return nested(body)

    def or_else(self, left: Callable[[], object], right: Callable[[], object]) -> object:
        return or_else(left, right)
