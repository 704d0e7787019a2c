"""How many flights over the network each shape of transaction takes, counted on the socket.

A flight is a burst of commands and all its replies. What opens a connection is not counted. These
figures do not depend on the machine: whoever makes one worse has to change it here.
"""

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import swarm_workers.stm
from swarm_workers.stm import Stm
from tests.conformance.stm.conftest import Interference
from tests.support.stm_socket.meter import Meter, Tally, metered
from tests.support.stm_socket.shapes import NOT_YET, SHAPES, Flights, Operation, Shape, prepare

_IS_NEW = hasattr(swarm_workers.stm, "AsyncStm")
_RUNS_BEFORE = 5
"""Enough for whatever a library learns about a body."""
_WAIT_SECONDS_MAX = 10
_FLIGHTS_BEFORE_SLEEP = 2 if _IS_NEW else 3
"""Of a transaction that has nothing to do yet."""
_FLIGHTS_ONCE_WOKEN = {"today": 2, "watch": 3, "function": 2}
"""Of a pop: to read and to commit; WATCH takes one more, as the run before has written nothing."""


class Client:
    """One client of a space, whether it has to be awaited or not."""

    def __init__(self, stm: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.stm = stm
        self._loop = loop

    def run(self, operation: Operation) -> Any:
        """Do all steps; return what the last one returns."""
        result = None
        for step in operation:
            result = step(result)
            if inspect.isawaitable(result):
                result = self._loop.run_until_complete(result)
        return result

    def atomically(self, body: Callable[[], Any]) -> Any:
        """Run one transaction."""
        return self.run([lambda _: self.stm.atomically(body)])


@pytest.fixture
def meter(redis_url: str) -> Iterator[Meter]:
    with metered(redis_url) as meter:
        yield meter


@pytest.fixture(autouse=True)
def prepared(redis_stm: Stm, redis_url: str) -> None:
    """Fill the space, and let the server learn the programs that it may be asked to run."""
    prepare(redis_stm)
    if _IS_NEW:
        stm = Stm.connect(redis_url, redis_stm.space, engine="function")
        stm.atomically(stm.queue("jobs", int).pop)
        stm.close()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(params=["watch", "function"] if _IS_NEW else ["watch"])
def engine(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"engine": request.param} if _IS_NEW else {}


@pytest.fixture(params=["Stm", "AsyncStm"] if _IS_NEW else ["Stm"])
def client(
    request: pytest.FixtureRequest,
    meter: Meter,
    space: str,
    engine: dict[str, Any],
    loop: asyncio.AbstractEventLoop,
) -> Iterator[Client]:
    """A client whose connection is open, as it is after the first transaction of a process."""
    stm = getattr(swarm_workers.stm, request.param).connect(meter.url, space, **engine)
    client = Client(stm, loop)
    number = stm.var("warm-up", int, default=0)
    client.atomically(lambda: number.set(number.get() + 1))
    yield client
    stm.close()
    loop.run_until_complete(asyncio.sleep(0))  # transports end in the turn after


@pytest.fixture
def metered_stm(meter: Meter, space: str, engine: dict[str, Any]) -> Iterator[Stm]:
    """A space for threads, with its connection open."""
    stm = Stm.connect(meter.url, space, **engine)
    stm.atomically(stm.var("warm-up", int, default=0).get)
    yield stm
    stm.close()


def _run(client: Client, operation: Operation) -> None:
    try:
        client.run(operation)
    except LookupError:
        return  # the body's own, which is a part of some shapes


def _counted(meter: Meter, client: Client, operation: Operation) -> Tally:
    mark = len(meter.flights)
    _run(client, operation)
    return meter.since(mark)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_takes_as_many_flights_as_the_table_says(
    client: Client, meter: Meter, shape: Shape
) -> None:
    number = client.stm.var("something else", int, default=0)

    def something_else() -> None:
        client.atomically(lambda: number.set(number.get() + 1))

    operation = shape.make(client.stm)
    something_else()
    first = _counted(meter, client, operation)
    for _ in range(_RUNS_BEFORE):
        something_else()
        _run(client, operation)
    something_else()
    later = _counted(meter, client, operation)
    for _ in range(_RUNS_BEFORE):
        _run(client, operation)
    again = _counted(meter, client, operation)
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


def test_a_conflict_costs_two_flights_more(client: Client, meter: Meter, redis_stm: Stm) -> None:
    value, theirs = (stm.var("v", int, default=0) for stm in (client.stm, redis_stm))
    others = Interference(redis_stm)

    def body() -> None:
        seen = value.get()
        others.once(lambda: theirs.set(theirs.get() + 1))
        value.set(seen + 10)

    tally = _counted(meter, client, [lambda _: client.stm.atomically(body)])
    assert redis_stm.atomically(theirs.get) == 11
    assert others.runs == 2
    assert len(tally) == 4, tally


@pytest.mark.parametrize(
    "quiet_seconds", [0.5, pytest.param(10.0, marks=pytest.mark.soak)], ids=str
)
def test_a_blocked_transaction_sends_nothing_until_it_is_woken(
    metered_stm: Stm, meter: Meter, redis_stm: Stm, engine: dict[str, Any], quiet_seconds: float
) -> None:
    popped: list[str] = []
    pop = metered_stm.queue("q", str).pop
    mark = len(meter.flights)
    thread = threading.Thread(target=lambda: popped.append(metered_stm.atomically(pop)))
    thread.start()
    asleep = _wait_for_flights(meter, mark, _FLIGHTS_BEFORE_SLEEP)
    thread.join(quiet_seconds)
    assert meter.since(mark).commands == asleep.commands, "it polls"
    redis_stm.atomically(redis_stm.queue("q", str).push, "job")
    thread.join(_WAIT_SECONDS_MAX)
    assert popped == ["job"]
    woken = meter.since(mark + len(asleep))
    assert len(woken) == _FLIGHTS_ONCE_WOKEN[engine.get("engine", "today")], woken


def _wait_for_flights(meter: Meter, mark: int, count: int) -> Tally:
    ends_at = time.monotonic() + _WAIT_SECONDS_MAX
    while len(tally := meter.since(mark)) < count:
        assert time.monotonic() < ends_at, tally
    return tally
