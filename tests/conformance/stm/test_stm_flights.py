"""How many flights over the network each shape of transaction takes, counted on the socket.

A flight is a burst of commands and all its replies. What opens a connection is not counted. These
figures do not depend on the machine: whoever makes one worse has to change it here.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from swarm_workers.stm import Stm
from swarm_workers.stm.engines import redis_session
from swarm_workers.stm.kernel import foresight
from tests.conformance.stm.conftest import Interference, in_thread
from tests.support.stm_socket.clients import KINDS, connect
from tests.support.stm_socket.meter import Meter, Tally, metered
from tests.support.stm_socket.shapes import SHAPES, Flights, Operation, Shape, prepare

_RUNS_BEFORE = 5
"""Enough for whatever a library learns about a body."""
_CONFLICTS_BEFORE_TOKEN = 1
_STALLS_MAX = 4
"""How often the machine may stand still for longer than a conflict is remembered (0.25 s)."""
_WAIT_SECONDS_MAX = 10
_FLIGHTS_BEFORE_SLEEP = 2
"""Of a transaction that has nothing to do yet."""
_FLIGHTS_ONCE_WOKEN = 2
"""Of a pop."""


@pytest.fixture
def meter(redis_url: str) -> Iterator[Meter]:
    with metered(redis_url) as meter:
        yield meter


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a repetition be one though the machine was busy in between."""
    monkeypatch.setattr(foresight, "REPEAT_SECONDS_MAX", 60.0)
    monkeypatch.setattr(redis_session, "CARRIED_SECONDS_MAX", 60.0)


@pytest.fixture(autouse=True)
def prepared(redis_stm: Stm, redis_url: str) -> None:
    """Fill the space, and let the server learn the programs that it may be asked to run."""
    prepare(redis_stm)
    stm = Stm.connect(redis_url, redis_stm.space, engine="function")
    stm.atomically(stm.queue("jobs", int).pop)
    stm.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Any:
    """Of the client."""
    return request.param


@pytest.fixture
def client(kind: str, meter: Meter, space: str) -> Iterator[Any]:
    """A client whose connection is open, as it is after the first transaction of a process."""
    client = connect(kind, meter.url, space)
    number = client.var("warm-up", int, default=0)
    client.atomically(lambda: number.set(number.get() + 1))
    yield client
    client.close()


def _run(operation: Operation) -> None:
    result = None
    try:
        for step in operation:
            result = step(result)
    except LookupError:
        return  # the body's own, which is a part of some shapes


def _counted(meter: Meter, operation: Operation) -> Tally:
    mark = len(meter.flights)
    _run(operation)
    return meter.since(mark)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_takes_as_many_flights_as_the_table_says(
    client: Any, meter: Meter, shape: Shape
) -> None:
    number = client.var("something else", int, default=0)

    def something_else() -> None:
        client.atomically(lambda: number.set(number.get() + 1))

    operation = shape.make(client)
    something_else()
    first = _counted(meter, operation)
    for _ in range(_RUNS_BEFORE):
        something_else()
        _run(operation)
    something_else()
    later = _counted(meter, operation)
    for _ in range(_RUNS_BEFORE):
        _run(operation)
    again = _counted(meter, operation)
    counted = Flights(len(first), len(later), len(again))
    assert counted == shape.flights, f"first: {first}; later: {later}; again: {again}"


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


def test_a_conflict_costs_two_flights_more(client: Any, meter: Meter, redis_stm: Stm) -> None:
    value, theirs = (stm.var("v", int, default=0) for stm in (client, redis_stm))
    others = Interference(redis_stm)

    def body() -> None:
        seen = value.get()
        others.once(lambda: theirs.set(theirs.get() + 1))
        value.set(seen + 10)

    tally = _counted(meter, [lambda _: client.atomically(body)])
    assert redis_stm.atomically(theirs.get) == 11
    assert others.runs == 2
    assert len(tally) == 4, tally


def test_a_token_for_a_contended_variable_costs_no_flight(
    client: Any, meter: Meter, redis_stm: Stm
) -> None:
    value, theirs = (stm.var("v", int, default=0) for stm in (client, redis_stm))
    conflicts = [0]

    def body() -> None:
        seen = value.get()
        if conflicts[0]:
            conflicts[0] -= 1
            in_thread(lambda: redis_stm.atomically(lambda: theirs.set(theirs.get() + 1)))
        value.set(seen + 10)

    for _ in range(_STALLS_MAX + 1):
        conflicts[0] = _CONFLICTS_BEFORE_TOKEN
        client.atomically(body)
        tally = _counted(meter, [lambda _: client.atomically(body)])
        if any("BLPOP" in flight.names for flight in tally.flights):
            break
    else:
        pytest.fail(f"no token is taken: {tally}")
    assert len(tally) == 2, tally


@pytest.mark.parametrize(
    "quiet_seconds", [0.5, pytest.param(10.0, marks=pytest.mark.soak)], ids=str
)
def test_a_blocked_transaction_sends_nothing_until_it_is_woken(
    client: Any, kind: str, meter: Meter, redis_stm: Stm, quiet_seconds: float
) -> None:
    popped: list[str] = []
    pop = client.queue("q", str).pop
    mark = len(meter.flights)
    thread = threading.Thread(target=lambda: popped.append(client.atomically(pop)))
    thread.start()
    asleep = _wait_for_flights(meter, mark, _FLIGHTS_BEFORE_SLEEP)
    thread.join(quiet_seconds)
    assert meter.since(mark).commands == asleep.commands, "it polls"
    redis_stm.atomically(redis_stm.queue("q", str).push, "job")
    thread.join(_WAIT_SECONDS_MAX)
    assert popped == ["job"]
    woken = meter.since(mark + len(asleep))
    assert len(woken) == _FLIGHTS_ONCE_WOKEN, woken


def test_code_that_blocked_before_sleeps_after_one_flight(
    client: Any, meter: Meter, redis_stm: Stm
) -> None:
    jobs, pop = redis_stm.queue("q", str), client.queue("q", str).pop
    popped: list[str] = []
    for number in range(3):
        mark = len(meter.flights)
        thread = threading.Thread(target=lambda: popped.append(client.atomically(pop)))
        thread.start()
        flights = 1 if number else _FLIGHTS_BEFORE_SLEEP
        asleep = _wait_for_flights(meter, mark, flights)
        thread.join(0.2)
        assert meter.since(mark).commands == asleep.commands, f"awake at time {number}"
        redis_stm.atomically(jobs.push, f"job {number}")
        thread.join(_WAIT_SECONDS_MAX)
    assert popped == ["job 0", "job 1", "job 2"]


def _wait_for_flights(meter: Meter, mark: int, count: int) -> Tally:
    ends_at = time.monotonic() + _WAIT_SECONDS_MAX
    while len(tally := meter.since(mark)) < count:
        assert time.monotonic() < ends_at, tally
    return tally
