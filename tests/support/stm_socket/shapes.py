"""Shapes of transactions, and how many flights each takes."""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from swarm_workers.stm import Stm, check, nested, or_else

Body = Callable[[], Any]
Operation = Sequence[Callable[[Any], Any]]
"""Steps, each of which gets the result of the one before, on a space that may be asynchronous."""


@dataclass(frozen=True, slots=True)
class Flights:
    """What one shape costs."""

    first: int
    """The first run on a connection that is open."""
    later: int
    """After some runs, each followed by another transaction on the same connection."""
    again: int
    """After some runs in a row."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of transaction, or of several that belong together."""

    name: str
    flights: Flights
    make: Callable[[Any], Operation]
    """From a space to what is counted on it."""


def _one(make: Callable[[Any], Body]) -> Callable[[Any], Operation]:
    """Return a shape of one transaction."""

    def operation(stm: Any) -> Operation:
        body = make(stm)
        return [lambda _: stm.atomically(body)]

    return operation


def prepare(stm: Stm) -> None:
    """Fill a space with what the shapes need."""

    def body() -> None:
        stm.counter("budget").add(1000)
        stm.var("seven", int, default=0).set(7)
        stm.map("m", int).put("k", 1)
        for number in range(50):
            stm.queue("jobs", int).push(number)

    stm.atomically(body)
    stm.atomically(stm.queue("jobs", int).pop)


def _nothing(stm: Any) -> Body:
    return lambda: None


def _read_only(stm: Any) -> Body:
    return stm.var("v", int, default=0).get


def _blind_write(stm: Any) -> Body:
    value = stm.var("v", int, default=0)
    return lambda: value.set(7)


def _commutative(stm: Any) -> Body:
    number, members = stm.counter("n"), stm.set("s", str)
    jobs, reports = stm.queue("q", int), stm.stream("x")

    def body() -> None:
        number.add(1)
        members.add("a")
        jobs.push(1)
        reports.append("done")

    return body


def _read_write(stm: Any) -> Body:
    value = stm.var("v", int, default=0)
    return lambda: value.set(value.get() + 1)


def _move(stm: Any) -> Body:
    left, right = stm.var("left", int, default=0), stm.var("right", int, default=0)

    def body() -> None:
        left.set(left.get() - 1)
        right.set(right.get() + 1)

    return body


def _follow_ten_links(stm: Any) -> Body:
    links = [stm.var(f"link/{i}", int, default=i + 1) for i in range(11)]

    def body() -> None:
        at = 0
        for _ in range(10):
            at = links[at].get()
        links[0].set(links[0].get())
        links[10].set(at)

    return body


def _same_value(stm: Any) -> Body:
    value = stm.var("seven", int, default=0)

    def body() -> None:
        value.set(value.get())

    return body


def _or_else(stm: Any) -> Body:
    left, right = stm.var("left", int, default=0), stm.var("right", int, default=1)

    def take(side: Any) -> None:
        check(side.get())
        side.set(side.get() + 1)

    return lambda: or_else(lambda: take(left), lambda: take(right))


def _nested(stm: Any) -> Body:
    outer, inner = stm.var("outer", int, default=0), stm.var("inner", int, default=0)

    def fail() -> None:
        inner.set(inner.get() + 1)
        raise LookupError

    def body() -> None:
        outer.set(outer.get() + 1)
        with suppress(LookupError):
            nested(fail)

    return body


def _take(stm: Any) -> Body:
    budget = stm.counter("budget")
    return lambda: budget.take(1)


def _take_ever_other(stm: Any) -> Body:
    budget, amounts = stm.counter("budget"), itertools.count(1)
    return lambda: budget.take(next(amounts))


def _pop(stm: Any) -> Body:
    return stm.queue("jobs", int).pop


def _claim_or_give_back(stm: Any) -> Body:
    tried = stm.set("tried", str)

    def body() -> None:
        if "it" in tried:
            tried.remove("it")
        else:
            tried.add("it")

    return body


def _map_get(stm: Any) -> Body:
    entries = stm.map("m", int)
    return lambda: entries.get("k")


def _map_update(stm: Any) -> Body:
    entries = stm.map("m", int)
    return lambda: entries.put("k", (entries.get("k") or 0) + 1)


def _map_put(stm: Any) -> Body:
    entries = stm.map("m", int)
    return lambda: entries.put("k", 1)


def _map_items(stm: Any) -> Body:
    return stm.map("m", int).items


def _look_at_three(stm: Any) -> Body:
    variables = [stm.var(name, int, default=0) for name in "abc"]
    return lambda: sum([each.get() for each in variables])


def _fail_after_read(stm: Any) -> Body:
    value = stm.var("v", int, default=0)

    def body() -> None:
        value.get()
        raise LookupError

    return body


def _snapshot(stm: Any) -> Operation:
    read = _look_at_three(stm)
    return [lambda _: stm.snapshot(read)]


def _snapshot_and_commit_if(stm: Any) -> Operation:
    read, total = _look_at_three(stm), stm.var("total", int, default=0)
    return [lambda _: stm.snapshot(read), lambda seen: stm.commit_if(seen, total.set)]


SHAPES = [
    Shape("nothing", Flights(0, 0, 0), _one(_nothing)),
    Shape("read-only", Flights(1, 1, 1), _one(_read_only)),
    Shape("blind write", Flights(1, 1, 1), _one(_blind_write)),
    Shape("commutative writes of four kinds", Flights(1, 1, 1), _one(_commutative)),
    Shape("read-write, one variable", Flights(2, 2, 1), _one(_read_write)),
    Shape("read-write, two variables", Flights(3, 2, 1), _one(_move)),
    Shape("ten dependent reads and a write", Flights(11, 2, 1), _one(_follow_ten_links)),
    Shape("a write of the same value", Flights(1, 1, 1), _one(_same_value)),
    Shape("or_else whose left branch retries", Flights(3, 2, 1), _one(_or_else)),
    Shape("a nested part that fails", Flights(3, 2, 1), _one(_nested)),
    Shape("take from a budget", Flights(2, 2, 1), _one(_take)),
    Shape("take another amount each time", Flights(2, 2, 1), _one(_take_ever_other)),
    Shape("pop from a queue", Flights(2, 2, 1), _one(_pop)),
    Shape("claim in a set", Flights(2, 2, 1), _one(_claim_or_give_back)),
    Shape("map, get", Flights(1, 1, 1), _one(_map_get)),
    Shape("map, get and put", Flights(2, 2, 1), _one(_map_update)),
    Shape("map, put", Flights(1, 1, 1), _one(_map_put)),
    Shape("map, items", Flights(2, 1, 1), _one(_map_items)),
    Shape("an exception after a read", Flights(1, 1, 1), _one(_fail_after_read)),
    Shape("three variables read", Flights(3, 1, 1), _one(_look_at_three)),
    Shape("snapshot", Flights(3, 1, 1), _snapshot),
    Shape("snapshot and commit_if", Flights(5, 3, 3), _snapshot_and_commit_if),
]
