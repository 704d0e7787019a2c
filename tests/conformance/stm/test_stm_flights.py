"""How many flights over the network each shape of transaction takes, counted on the socket.

A flight is a burst of commands and all its replies. What opens a connection is not counted. These
figures do not depend on the machine: whoever makes one worse has to change it here.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from swarm_workers.stm import Stm, check, nested, or_else
from tests.conformance.stm.conftest import Interference
from tests.support.stm_socket.meter import Meter, Tally, metered

Body = Callable[[], Any]

_RUNS_BEFORE = 5
"""Enough for whatever a library learns about a body."""
_WAIT_SECONDS_MAX = 10
FLIGHTS_BEFORE_SLEEP = 3
"""Of a transaction that has nothing to do yet."""


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
    """A kind of transaction."""

    name: str
    flights: Flights
    make: Callable[[Stm], Body]


def _nothing(stm: Stm) -> Body:
    return lambda: None


def _read_only(stm: Stm) -> Body:
    return stm.var("v", int, default=0).get


def _blind_write(stm: Stm) -> Body:
    value = stm.var("v", int, default=0)
    return lambda: value.set(7)


def _commutative(stm: Stm) -> Body:
    number, members = stm.counter("n"), stm.set("s", str)
    jobs, reports = stm.queue("q", int), stm.stream("x")

    def body() -> None:
        number.add(1)
        members.add("a")
        jobs.push(1)
        reports.append("done")

    return body


def _read_write(stm: Stm) -> Body:
    value = stm.var("v", int, default=0)
    return lambda: value.set(value.get() + 1)


def _move(stm: Stm) -> Body:
    left, right = stm.var("left", int, default=0), stm.var("right", int, default=0)

    def body() -> None:
        left.set(left.get() - 1)
        right.set(right.get() + 1)

    return body


def _follow_ten_links(stm: Stm) -> Body:
    links = [stm.var(f"link/{i}", int, default=i + 1) for i in range(11)]

    def body() -> None:
        at = 0
        for _ in range(10):
            at = links[at].get()
        links[0].set(links[0].get())
        links[10].set(at)

    return body


def _same_value(stm: Stm) -> Body:
    value = stm.var("v", int, default=0)
    stm.atomically(value.set, 7)

    def body() -> None:
        value.set(value.get())

    return body


def _or_else(stm: Stm) -> Body:
    left, right = stm.var("left", int, default=0), stm.var("right", int, default=1)

    def take(side: Any) -> None:
        check(side.get())
        side.set(side.get() + 1)

    return lambda: or_else(lambda: take(left), lambda: take(right))


def _nested(stm: Stm) -> Body:
    outer, inner = stm.var("outer", int, default=0), stm.var("inner", int, default=0)

    def fail() -> None:
        inner.set(inner.get() + 1)
        raise LookupError

    def body() -> None:
        outer.set(outer.get() + 1)
        with pytest.raises(LookupError):
            nested(fail)

    return body


def _take(stm: Stm) -> Body:
    budget = stm.counter("budget")
    stm.atomically(budget.add, 1000)
    return lambda: budget.take(1)


def _pop(stm: Stm) -> Body:
    jobs = stm.queue("jobs", int)
    stm.atomically(lambda: [jobs.push(i) for i in range(50)])
    return jobs.pop


def _claim(stm: Stm) -> Body:
    numbers, tried = iter(range(1000)), stm.set("tried", int)

    def body() -> None:
        number = next(numbers)
        if number not in tried:
            tried.add(number)

    return body


def _map_get(stm: Stm) -> Body:
    entries = stm.map("m", int)
    stm.atomically(entries.put, "k", 1)
    return lambda: entries.get("k")


def _map_update(stm: Stm) -> Body:
    entries = stm.map("m", int)
    return lambda: entries.put("k", (entries.get("k") or 0) + 1)


def _map_put(stm: Stm) -> Body:
    entries = stm.map("m", int)
    return lambda: entries.put("k", 1)


def _map_items(stm: Stm) -> Body:
    entries = stm.map("m", int)
    stm.atomically(entries.put, "k", 1)
    return entries.items


def _fail_after_read(stm: Stm) -> Body:
    value = stm.var("v", int, default=0)

    def body() -> None:
        value.get()
        raise LookupError

    return body


SHAPES = [
    Shape("nothing", Flights(0, 0, 0), _nothing),
    Shape("read-only", Flights(1, 1, 1), _read_only),
    Shape("blind write", Flights(1, 1, 1), _blind_write),
    Shape("commutative writes of four kinds", Flights(1, 1, 1), _commutative),
    Shape("read-write, one variable", Flights(2, 2, 1), _read_write),
    Shape("read-write, two variables", Flights(3, 2, 1), _move),
    Shape("ten dependent reads and a write", Flights(11, 2, 1), _follow_ten_links),
    Shape("a write of the same value", Flights(1, 1, 1), _same_value),
    Shape("or_else whose left branch retries", Flights(3, 2, 1), _or_else),
    Shape("a nested part that fails", Flights(3, 2, 1), _nested),
    Shape("take from a budget", Flights(2, 2, 1), _take),
    Shape("pop from a queue", Flights(2, 2, 1), _pop),
    Shape("claim in a set", Flights(2, 2, 2), _claim),
    Shape("map, get", Flights(1, 1, 1), _map_get),
    Shape("map, get and put", Flights(2, 2, 1), _map_update),
    Shape("map, put", Flights(1, 1, 1), _map_put),
    Shape("map, items", Flights(2, 1, 1), _map_items),
    Shape("an exception after a read", Flights(1, 1, 1), _fail_after_read),
]

NOT_YET = {
    "blind write": Flights(2, 2, 2),
    "commutative writes of four kinds": Flights(2, 2, 2),
    "read-write, one variable": Flights(2, 2, 2),
    "read-write, two variables": Flights(3, 3, 3),
    "ten dependent reads and a write": Flights(11, 11, 11),
    "or_else whose left branch retries": Flights(3, 3, 3),
    "a nested part that fails": Flights(3, 3, 3),
    "take from a budget": Flights(2, 2, 2),
    "pop from a queue": Flights(2, 2, 2),
    "map, get and put": Flights(2, 2, 2),
    "map, put": Flights(2, 2, 2),
    "map, items": Flights(2, 2, 2),
}
"""Shapes that still cost more than the table says, and what they cost."""


@pytest.fixture
def meter(redis_url: str) -> Iterator[Meter]:
    with metered(redis_url) as meter:
        yield meter


@pytest.fixture
def metered_stm(meter: Meter, space: str) -> Iterator[Stm]:
    """A space whose connection is open, as it is after the first transaction of a process."""
    stm = Stm.connect(meter.url, space)
    stm.atomically(stm.var("warm-up", int, default=0).get)
    yield stm
    stm.purge()
    stm.close()


def _run(stm: Stm, body: Body) -> None:
    try:
        stm.atomically(body)
    except LookupError:
        return  # the body's own, which is a part of some shapes


def _counted(meter: Meter, stm: Stm, body: Body) -> Tally:
    mark = len(meter.flights)
    _run(stm, body)
    return meter.since(mark)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_takes_as_many_flights_as_the_table_says(
    metered_stm: Stm, meter: Meter, shape: Shape
) -> None:
    def something_else() -> None:
        number = metered_stm.var("something else", int, default=0)
        metered_stm.atomically(lambda: number.set(number.get() + 1))

    body = shape.make(metered_stm)
    something_else()
    first = _counted(meter, metered_stm, body)
    for _ in range(_RUNS_BEFORE):
        something_else()
        _run(metered_stm, body)
    something_else()
    later = _counted(meter, metered_stm, body)
    for _ in range(_RUNS_BEFORE):
        _run(metered_stm, body)
    again = _counted(meter, metered_stm, body)
    counted = Flights(len(first), len(later), len(again))
    expected = NOT_YET.get(shape.name, shape.flights)
    assert counted == expected, f"first: {first}; later: {later}; again: {again}"


def test_the_list_of_what_is_missing_names_only_shapes_that_exist() -> None:
    table = {shape.name: shape.flights for shape in SHAPES}
    assert all(table[name] != flights for name, flights in NOT_YET.items())


def test_handles_cost_nothing(meter: Meter, space: str) -> None:
    stm = Stm.connect(meter.url, space)
    stm.var("v", int, default=0)
    stm.counter("n")
    stm.set("s", str)
    stm.map("m", int)
    stm.queue("q", int)
    stm.stream("x")
    stm.close()
    assert meter.flights == []


def test_a_conflict_costs_at_most_two_flights_more(
    metered_stm: Stm, meter: Meter, redis_stm: Stm
) -> None:
    value, theirs = (stm.var("v", int, default=0) for stm in (metered_stm, redis_stm))
    others = Interference(redis_stm)

    def body() -> None:
        seen = value.get()
        others.once(lambda: theirs.set(theirs.get() + 1))
        value.set(seen + 10)

    tally = _counted(meter, metered_stm, body)
    assert redis_stm.atomically(theirs.get) == 11
    assert others.runs == 2
    assert len(tally) in (3, 4), tally


@pytest.mark.parametrize(
    "quiet_seconds", [0.5, pytest.param(10.0, marks=pytest.mark.soak)], ids=str
)
def test_a_blocked_transaction_sends_nothing_and_takes_two_flights_once_it_is_woken(
    metered_stm: Stm, meter: Meter, redis_stm: Stm, quiet_seconds: float
) -> None:
    popped: list[str] = []
    pop = metered_stm.queue("q", str).pop
    mark = len(meter.flights)
    thread = threading.Thread(target=lambda: popped.append(metered_stm.atomically(pop)))
    thread.start()
    asleep = _wait_for_flights(meter, mark, FLIGHTS_BEFORE_SLEEP)
    thread.join(quiet_seconds)
    assert meter.since(mark).commands == asleep.commands, "it polls"
    redis_stm.atomically(redis_stm.queue("q", str).push, "job")
    thread.join(_WAIT_SECONDS_MAX)
    assert popped == ["job"]
    assert len(woken := meter.since(mark + len(asleep))) == 2, woken


def _wait_for_flights(meter: Meter, mark: int, count: int) -> Tally:
    ends_at = time.monotonic() + _WAIT_SECONDS_MAX
    while len(tally := meter.since(mark)) < count:
        assert time.monotonic() < ends_at, tally
    return tally
