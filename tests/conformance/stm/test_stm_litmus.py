"""Every order in which the flights of two or three transactions can reach the server."""

import itertools
import random
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import redis

from swarm_workers.stm import Stm
from tests.support.stm_socket.clients import KINDS
from tests.support.stm_socket.litmus import Body, Cells, Litmus, empty
from tests.support.stm_socket.litmus_bodies import add_to_both, look, read_ab
from tests.support.stm_socket.litmus_control import CONTROL
from tests.support.stm_socket.litmus_isolation import ISOLATION
from tests.support.stm_socket.schedule import Actor, Job, Order, Stage, next_order, orders

_ACTORS_MAX = 4
_SWING_RUNS = 8
_COMMITS = {"EXEC", "FCALL"}
_CASES = [*ISOLATION, *CONTROL]
_PAIRS = [each for each in _CASES if len(each.cast) == 2]
_MORE = [each for each in _CASES if each not in _PAIRS]
_EXPLORED_MAX = 20_000
_LONG = pytest.mark.timeout(1200)
_BROKEN_WITHOUT_WATCH = ("lost update", "write skew", "phantom in a map", "two toggles")


@pytest.fixture
def kind() -> str:
    """Of the clients; tests of other kinds have it as a parameter."""
    return KINDS[0]


@pytest.fixture
def stage(redis_url: str, space: str, kind: str) -> Iterator[Stage]:
    stage = Stage(redis_url, space, actors=_ACTORS_MAX, kind=kind)
    yield stage
    stage.close()


class Performance:
    """All plays of one litmus test."""

    def __init__(self, stage: Stage, director: Stm, litmus: Litmus) -> None:
        self._stage = stage
        self._director = director
        self._litmus = litmus
        self.sightings: set[Any] = set()
        self.outcomes: dict[Any, Order] = {}
        """Each outcome, and an order that led to it."""

    def play(self, order: Order, prefix: str, *, rehearsals: int = 0) -> None:
        jobs = self._prepare(prefix, rehearsals)
        results, released = self._stage.play(jobs, order)
        self._note(prefix, results, released)

    def explore(self, plays_max: int) -> int:
        """Play every order that there is, however many flights it takes, or as many as allowed.

        Returns:
            How many that were; 0 if there are more.
        """
        order: Order | None = ()
        for number in range(plays_max):
            self._forget()
            prefix = f"explored {number}"
            results, steps = self._stage.play_stepwise(self._prepare(prefix), order or ())
            self._note(prefix, results, tuple(chosen for chosen, _ in steps))
            if (order := next_order(steps)) is None:
                return number + 1
        return 0

    def play_cold(self, chosen: Iterable[Order]) -> None:
        """Play these orders, each among clients that know nothing yet."""
        for number, order in enumerate(chosen):
            self._forget()
            self.play(order, f"cold {number}")

    def play_rehearsed(self, chosen: Iterable[Order], rehearsals: int) -> None:
        """Play these orders among clients that have done it before.

        Four rehearsals are enough for a library to foresee what comes, and to fetch it before.
        """
        for number, order in enumerate(chosen):
            self.play(order, f"rehearsed {number}", rehearsals=rehearsals)

    def judge(self, *, is_complete: bool = False) -> None:
        impossible = {seen for seen in self.sightings if not self._litmus.is_possible(*seen)}
        assert not impossible, "a body saw a state that never was"
        wrong = {each: how for each, how in self.outcomes.items() if each not in self._serial}
        assert not wrong, "no serial order gives this"
        if is_complete:
            assert set(self.outcomes) == self._serial, "the schedules miss a serial outcome"

    def _forget(self) -> None:
        for actor in self._stage.actors:
            actor.forget()

    def _prepare(self, prefix: str, rehearsals: int = 0) -> list[Job]:
        scene = Cells(self._director, prefix, set())
        self._director.atomically(self._set, scene)
        if rehearsals and not self._litmus.waits:
            self._stage.rehearse(self._jobs(prefix, set()), rehearsals)
            self._director.atomically(self._set, scene)
        return self._jobs(prefix, self.sightings)

    def _note(self, prefix: str, results: list[Any], released: Order) -> None:
        scene = Cells(self._director, prefix, set())
        final = self._director.atomically(self._litmus.final, scene)
        self.outcomes.setdefault((tuple(results), final), released)

    @property
    def _serial(self) -> frozenset[Any]:
        return self._litmus.outcomes

    def _set(self, scene: Cells) -> None:
        empty(scene)
        self._litmus.setup(scene)

    def _jobs(self, prefix: str, sightings: set[Any]) -> list[Job]:
        return [self._job(prefix, number, sightings) for number in range(len(self._litmus.cast))]

    def _job(self, prefix: str, number: int, sightings: set[Any]) -> Job:
        return lambda actor: self._litmus.play(Cells(actor.stm, prefix, sightings), number)


def _some(count: int, litmus: Litmus) -> list[Order]:
    """Return so many orders of all, the same each time."""
    return sorted(orders(*litmus.flights), key=lambda order: zlib.crc32(bytes(order)))[:count]


def _named(litmus: Litmus) -> str:
    return litmus.name


@pytest.mark.parametrize(
    "litmus",
    [*_PAIRS, *(pytest.param(each, marks=[pytest.mark.soak, _LONG]) for each in _MORE)],
    ids=_named,
)
def test_clients_that_know_nothing_yet_end_in_a_serial_outcome_in_every_order(
    stage: Stage, redis_stm: Stm, litmus: Litmus
) -> None:
    """Of pairs with three flights each there are 20, if the loser of a conflict runs on alone."""
    performance = Performance(stage, redis_stm, litmus)
    assert performance.explore(_EXPLORED_MAX) >= 10, "there are more orders than were played"
    performance.judge(is_complete=True)


@pytest.mark.parametrize("litmus", _MORE, ids=_named)
def test_three_or_four_of_them_end_in_a_serial_outcome_in_every_order_of_their_first_flights(
    stage: Stage, redis_stm: Stm, litmus: Litmus
) -> None:
    performance = Performance(stage, redis_stm, litmus)
    performance.play_cold(orders(*litmus.flights))
    performance.judge(is_complete=litmus.reaches_all)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("litmus", _CASES, ids=_named)
def test_clients_of_any_kind_end_in_a_serial_outcome_in_some_orders(
    stage: Stage, redis_stm: Stm, litmus: Litmus
) -> None:
    performance = Performance(stage, redis_stm, litmus)
    performance.play_cold(_some(3, litmus))
    performance.judge()


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("litmus", _CASES, ids=_named)
def test_clients_of_any_kind_end_in_a_serial_outcome_in_every_order(
    stage: Stage, redis_stm: Stm, litmus: Litmus
) -> None:
    performance = Performance(stage, redis_stm, litmus)
    performance.play_cold(orders(*litmus.flights))
    performance.judge()


@pytest.mark.parametrize("litmus", _CASES, ids=_named)
def test_clients_that_have_done_it_before_end_in_a_serial_outcome_in_some_orders(
    stage: Stage, redis_stm: Stm, litmus: Litmus
) -> None:
    performance = Performance(stage, redis_stm, litmus)
    performance.play_rehearsed(_some(8, litmus), rehearsals=4)
    performance.judge()


@pytest.mark.soak
@pytest.mark.parametrize("rehearsals", [1, 4])
@pytest.mark.parametrize("litmus", _CASES, ids=_named)
def test_clients_that_have_done_it_before_end_in_a_serial_outcome_in_every_order(
    stage: Stage, redis_stm: Stm, litmus: Litmus, rehearsals: int
) -> None:
    performance = Performance(stage, redis_stm, litmus)
    performance.play_rehearsed(orders(*litmus.flights), rehearsals)
    performance.judge()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plays", [8, pytest.param(300, marks=pytest.mark.soak)])
def test_clients_in_full_swing_lose_nothing(
    stage: Stage, redis_stm: Stm, kind: str, plays: int
) -> None:
    """Two that add to both variables over and over, and one that looks, in random orders."""
    chance = random.Random(plays)
    for number in range(plays):
        prefix, sightings = f"swing {number}", set[Any]()
        results, _ = stage.play(
            [
                _again_and_again(body, prefix, sightings)
                for body in (add_to_both, add_to_both, look)
            ],
            _long_turns(chance),
        )
        assert all(left == right for left, right in sightings), "a body saw a torn state"
        assert sorted([*results[0], *results[1]]) == list(range(2 * _SWING_RUNS))
        assert results[2] == sorted(results[2]), "it looked back in time"
        final = redis_stm.atomically(read_ab, Cells(redis_stm, prefix, set()))
        assert final == (2 * _SWING_RUNS, 2 * _SWING_RUNS)
    assert any(_took_one_flight(actor) for actor in stage.actors), "nobody was in full swing"


def _again_and_again(body: Body, prefix: str, sightings: set[Any]) -> Job:
    def job(actor: Actor) -> list[Any]:
        cells = Cells(actor.stm, prefix, sightings)
        return [cells.run(body) for _ in range(_SWING_RUNS)]

    return job


def _long_turns(chance: random.Random) -> Order:
    """Return an order in which one actor often comes several times in a row."""
    turns = [[chance.randrange(3)] * chance.randint(1, 9) for _ in range(12)]
    return tuple(itertools.chain.from_iterable(turns))


def _took_one_flight(actor: Actor) -> bool:
    """Say whether a commit ever followed on a commit, with no read in a flight of its own."""
    commits = [_COMMITS.intersection(flight.names) != set() for flight in actor.lane.flights]
    return any(first and second for first, second in itertools.pairwise(commits))


def test_twenty_and_ninety_orders_are_all_there_are() -> None:
    assert (len(set(orders(3, 3))), len(set(orders(2, 2, 2)))) == (20, 90)


def test_the_stage_shows_a_lost_update_where_nobody_watches(
    stage: Stage, redis_url: str, space: str
) -> None:
    key = f"{{{space}}}:careless"

    def add_carelessly(actor: Actor) -> None:
        with redis.Redis.from_url(actor.lane.url) as client:
            seen = int(client.get(key) or 0)
            client.set(key, seen + 1)

    sums: list[int] = []
    with redis.Redis.from_url(redis_url) as director:
        for order in orders(2, 2):
            director.delete(key)
            stage.play([add_carelessly] * 2, order)
            sums.append(int(director.get(key)))
        director.delete(key)
    assert sorted(sums) == [1, 1, 1, 1, 2, 2], "of six orders only the two serial ones are right"


@pytest.mark.parametrize(
    "litmus",
    [each for each in _CASES if each.name.startswith(_BROKEN_WITHOUT_WATCH)],
    ids=_named,
)
def test_the_litmus_tests_fail_a_library_whose_watches_are_lost(
    stage: Stage, redis_stm: Stm, litmus: Litmus
) -> None:
    for actor in stage.actors:
        actor.lane.disabled = {b"WATCH"}
    performance = Performance(stage, redis_stm, litmus)
    performance.play_cold(orders(*litmus.flights))
    with pytest.raises(AssertionError, match=r"no serial order gives this|never was"):
        performance.judge()
