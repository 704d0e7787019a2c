"""Workloads of a single bar: opacity, long transactions, chains, coroutines, the record."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable

from orchestrator.bench.stm.client import Probe
from orchestrator.bench.stm.measured import Task, pause, run_measured
from orchestrator.bench.stm.messages import Outcome
from orchestrator.bench.stm.ours import Ours
from orchestrator.bench.stm.raw import RawWire
from orchestrator.bench.stm.record import recorded_flights
from swarm_workers.stm import AsyncStm, TVar

_BANKS = 8
_ACCOUNTS = 16
_AUDITS_EACH = 10
_LONG_SECONDS = 0.005
_CHAIN_READS = 10
Prepared = Callable[[], Outcome]


def auditor(task: Task) -> Prepared:
    """Agent 0 sums up a bank account by account, which is always 0; the others move money.

    It goes from bank to bank: the first audits of each read one account after the other, the later
    ones may know what is going to be read.
    """
    banks = [[f"bank/{bank}/{each}" for each in range(_ACCOUNTS)] for bank in range(_BANKS)]

    def move() -> None:
        task.client.add_each(task.chance.sample(task.chance.choice(banks), 2), (-1, 1))

    if task.index:
        return lambda: run_measured(task, move, task.client.probe)
    sums: list[int] = []

    stay = itertools.count()

    def audit() -> None:
        task.client.total(banks[next(stay) // _AUDITS_EACH % _BANKS], sums.append)

    def run() -> Outcome:
        outcome = run_measured(task, audit, Probe())
        outcome.noted = {"bodies": len(sums), "torn": sum(found != 0 for found in sums)}
        return outcome

    return run


def long_beside_movers(task: Task) -> Prepared:
    """Agent 0 reads sixteen accounts, thinks for 5 ms and writes one; the others move money."""
    if task.index:
        return movers_alone(task)
    assert isinstance(task.client, Ours), "the usual client commits none of these"
    client = task.client
    accounts = [client.variable(f"account/{number}") for number in range(_ACCOUNTS)]

    def body() -> None:
        client.probe.run()
        total = sum(account.get() for account in accounts)
        pause(_LONG_SECONDS)
        accounts[0].set(accounts[0].get() - total)  # which is 0
        client.variable("runs").set(client.probe.attempts)

    def step() -> None:
        client.stm.atomically(body)
        client.probe.commit()

    return lambda: run_measured(task, step, client.probe)


def movers_alone(task: Task) -> Prepared:
    """Move 1 between two of sixteen accounts; agent 0 as well."""
    names = [f"account/{number}" for number in range(_ACCOUNTS)]

    def step() -> None:
        task.client.add_each(task.chance.sample(names, 2), (-1, 1))

    step()
    return lambda: run_measured(task, step, task.client.probe)


def chain(task: Task, *, is_first: bool) -> Prepared:
    """Read ten variables, each of which names the next, and write one.

    A first run is one of a library that has not seen the body before; its connection is warm.
    """
    assert isinstance(task.client, Ours), "only we foresee what will be read"
    links = list(range(1, _CHAIN_READS + 1))
    for number, following in enumerate(links):
        task.client.stm.atomically(task.client.variable(f"link/{number}").set, following)

    def opened() -> Ours:
        job = task.job
        made = Ours(task.url, job.space, job.round_trip_seconds, "watch")
        made.stm.atomically(made.variable("unrelated").set, 1)
        return made

    def run() -> Outcome:
        outcome, client = Outcome(), opened()
        if not is_first:
            client.stm.atomically(_follow, client)
        ends_at = time.monotonic() + task.job.seconds
        while not outcome.latencies or time.monotonic() < ends_at:
            before = time.perf_counter()
            client.stm.atomically(_follow, client)
            outcome.latencies.append(time.perf_counter() - before)
            if is_first:
                client.close()
                client = opened()
            else:
                client.stm.atomically(client.variable("unrelated").set, len(outcome.latencies))
        client.close()
        outcome.commits = len(outcome.latencies)
        outcome.window_seconds = outcome.commits * statistics.median(outcome.latencies)
        return outcome

    return run


def _follow(client: Ours) -> None:
    place = 0
    for _ in range(_CHAIN_READS):
        place = client.variable(f"link/{place}").get()
    client.variable("end").set(place + client.variable("end").get())


def coroutines(task: Task) -> Prepared:
    """As many coroutines as the job has keys, on one connection, each with its own variable."""
    number = task.job.keys

    async def run_all() -> Outcome:
        stm = AsyncStm.connect(
            task.url, task.job.space, engine="function",
            emulated_round_trip_seconds=task.job.round_trip_seconds,
        )  # fmt: skip
        variables = [stm.var(f"coroutine/{each}", int, default=0) for each in range(number)]
        await asyncio.gather(*(stm.atomically(_add_one, each) for each in variables))
        began_at = time.perf_counter()
        ends_at = began_at + task.job.seconds
        done = await asyncio.gather(*(_add_until(stm, each, ends_at) for each in variables))
        wall_seconds = time.perf_counter() - began_at
        stm.close()
        commits = sum(done)
        return Outcome(
            commits=commits, attempts=1, window_seconds=wall_seconds,
            latencies=[wall_seconds / commits * number],
        )  # fmt: skip

    return lambda: asyncio.run(run_all())


async def _add_until(stm: AsyncStm, variable: TVar[int], ends_at: float) -> int:
    commits = 0
    while time.perf_counter() < ends_at:
        await stm.atomically(_add_one, variable)
        commits += 1
    return commits


def _add_one(variable: TVar[int]) -> None:
    variable.set(variable.get() + 1)


def replay(task: Task, *, with_record: bool) -> Prepared:
    """Send again, on a bare socket, what a transaction of ours sent, with or without its record."""
    flights = recorded_flights(task.url, task.job.space, task.job.keys, with_record=with_record)
    wire = RawWire(task.url, task.job.round_trip_seconds)

    def step() -> None:
        for flight in flights:
            replies = wire.flight(flight.data, flight.count)
            if flight.commit_place >= 0:
                assert replies[flight.commit_place] is not None, "nobody else writes there"

    def run() -> Outcome:
        outcome = run_measured(task, step, Probe())
        wire.close()
        return outcome

    return run
