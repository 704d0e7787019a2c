"""Tokens and the gate: they keep others off for a while, and never for ever."""

import asyncio
import time
from collections.abc import Iterator

import pytest
import redis

from swarm_workers.stm import AsyncStm, Stm, TransactionTimeoutError, on_abort, on_commit
from swarm_workers.stm.engines.keys import Keys
from swarm_workers.stm.engines.redis import EngineName
from tests.conformance.stm.conftest import Interference, in_thread, in_threads, open_space


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(params=["watch", "function", "async watch", "async function"])
def stm(request: pytest.FixtureRequest, redis_url: str, space: str) -> Iterator[Stm]:
    made = open_space(request.param, redis_url, space)
    yield made
    made.purge()
    made.close()


@pytest.mark.parametrize("reads", [False, True])
def test_a_closed_gate_holds_up_commits_until_it_opens(
    stm: Stm, client: redis.Redis, *, reads: bool
) -> None:
    value = stm.var("v", int, default=0)

    def write() -> None:
        value.set(value.get() + 1 if reads else 7)

    stm.atomically(write)
    client.set(Keys(stm.space).gate, "someone", px=300)
    started_at = time.monotonic()
    stm.atomically(write)
    assert time.monotonic() - started_at > 0.25
    stm.atomically(write)  # and nothing of it is remembered
    assert stm.atomically(value.get) == (3 if reads else 7)


def test_a_closed_gate_that_opens_early_lets_all_pass_at_once(
    stm: Stm, client: redis.Redis
) -> None:
    value = stm.var("v", int, default=0)
    stm.atomically(value.set, 1)
    client.set(Keys(stm.space).gate, "someone", px=60_000)

    def open_soon() -> None:
        while client.pttl(Keys(stm.space).gate) > 59_800:
            pass
        client.delete(Keys(stm.space).gate)

    in_threads([open_soon, lambda: stm.atomically(value.set, 2)])
    assert stm.atomically(value.get) == 2


@pytest.mark.parametrize("engine", ["watch", "function"])
def test_a_coroutine_that_is_cancelled_at_the_gate_does_not_go_on_when_it_opens(
    redis_url: str, space: str, client: redis.Redis, engine: EngineName
) -> None:
    told: list[str] = []

    async def main() -> int:
        stm = AsyncStm.connect(redis_url, space, engine=engine)
        value = stm.var("v", int, default=0)

        def write() -> None:
            on_commit(lambda: told.append("committed"))
            on_abort(lambda: told.append("aborted"))
            value.set(2)

        await stm.atomically(value.set, 1)
        client.set(Keys(space).gate, "someone", px=60_000)
        task = asyncio.create_task(stm.atomically(write))
        while not client.info("commandstats").get("cmdstat_pttl", {}).get("calls"):  # noqa: ASYNC110
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        client.delete(Keys(space).gate)
        with pytest.raises(asyncio.CancelledError):
            await task
        seen = await stm.atomically(value.get)
        await stm.purge()
        stm.close()
        await asyncio.sleep(0)
        return seen

    client.config_resetstat()
    assert asyncio.run(main()) == 1
    assert told == ["aborted"]


def test_a_transaction_at_the_gate_gives_up_in_time(stm: Stm, client: redis.Redis) -> None:
    value = stm.var("v", int, default=0)
    client.set(Keys(stm.space).gate, "someone", px=60_000)
    with pytest.raises(TransactionTimeoutError, match="nothing was written"):
        stm.atomically(lambda: value.set(value.get() + 1), timeout_seconds=0.2)
    client.delete(Keys(stm.space).gate)
    assert stm.atomically(value.get) == 0


def test_a_token_that_died_with_its_holder_is_replaced(
    stm: Stm, others: Interference, client: redis.Redis
) -> None:
    value, keys = stm.var("v", int, default=0), Keys(stm.space)

    def add() -> None:
        seen = value.get()
        others.once(lambda: value.set(10))
        value.set(seen + 1)

    client.set(keys.flag(value.key), "dead", px=300)  # its token is in nobody's hands
    stm.atomically(add)
    assert stm.atomically(value.get) == 11
    stm.atomically(add)
    assert stm.atomically(value.get) == 12
    assert client.lrange(keys.token(value.key), 0, -1) != [b"dead"]


def test_there_is_never_more_than_one_token(stm: Stm, client: redis.Redis) -> None:
    value, keys = stm.var("v", int, default=0), Keys(stm.space)

    def add() -> None:
        value.set(value.get() + 1)

    in_threads([lambda: [stm.atomically(add) for _ in range(50)]] * 6)
    assert stm.atomically(value.get) == 300
    assert client.llen(keys.token(value.key)) <= 1


def test_a_refused_commit_keeps_its_token_and_does_not_hand_it_on_as_well(
    stm: Stm, redis_stm: Stm, client: redis.Redis
) -> None:
    jobs, keys = stm.queue("jobs", int), Keys(stm.space)
    stm.atomically(lambda: [jobs.push(number) for number in range(6)])
    pop, disturbances = redis_stm.queue("jobs", int).pop, []

    def disturbed(times: int) -> int:
        first = jobs.pop()
        if len(disturbances) < times:
            disturbances.append(times)
            in_thread(lambda: redis_stm.atomically(pop))
        return first

    assert stm.atomically(disturbed, 1) == 1  # and remembers that one has to queue up
    assert stm.atomically(disturbed, 2) == 3
    assert client.llen(keys.token(jobs.key)) <= 1, "two may go at once"


def test_a_commit_takes_place_once_though_the_server_forgets_its_programs(
    stm: Stm, others: Interference, client: redis.Redis
) -> None:
    value = stm.var("v", int, default=0)

    def add() -> None:
        seen = value.get()
        others.once(lambda: value.set(10))
        if others.runs == 3:
            client.script_flush()
            client.function_flush()
        value.set(seen + 1)

    stm.atomically(add)
    stm.atomically(add)
    assert stm.atomically(value.get) == 12
    stm.atomically(add)
    assert stm.atomically(value.get) == 13


def test_who_gives_up_at_the_gate_is_told_that_nothing_was_done(
    stm: Stm, client: redis.Redis
) -> None:
    value, told = stm.var("v", int, default=0), []

    def write() -> None:
        on_abort(lambda: told.append("aborted"))
        value.set(2)

    stm.atomically(value.set, 1)
    client.set(Keys(stm.space).gate, "someone", px=60_000)
    with pytest.raises(TransactionTimeoutError):
        stm.atomically(write, timeout_seconds=0.2)
    assert told == ["aborted"]
    (site,) = [each for name, each in stm.statistics().sites.items() if name.endswith("write")]
    assert site.queue_seconds > 0.15
    client.delete(Keys(stm.space).gate)


@pytest.mark.parametrize("engine", ["watch", "function"])
def test_a_cancellation_at_the_gate_outlives_the_timeout_there(
    redis_url: str, space: str, client: redis.Redis, engine: EngineName
) -> None:
    async def main() -> None:
        stm = AsyncStm.connect(redis_url, space, engine=engine)
        value = stm.var("v", int, default=0)
        await stm.atomically(value.set, 1)
        client.set(Keys(space).gate, "someone", px=60_000)
        task = asyncio.create_task(stm.atomically(value.set, 2, timeout_seconds=0.3))
        while not client.info("commandstats").get("cmdstat_pttl", {}).get("calls"):  # noqa: ASYNC110
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await stm.purge()
        stm.close()
        await asyncio.sleep(0)

    client.config_resetstat()
    asyncio.run(main())
