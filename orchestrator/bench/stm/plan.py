"""What is measured, in which order, and for how long.

Pure: no I/O, no clock, no chance. Within a stage the measurements take turns, a slice each, so that
noise of the machine hits all alike; figures are medians over the slices.
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import structs

from orchestrator.bench.stm import names
from orchestrator.bench.stm.messages import Job

SLICES = 5
WAITERS = 16
COROUTINES = 100
_MS = 1e-3
Length = Literal["short", "quick", "full"]
"""`short` checks the harness, not the library."""
_SECONDS = {"short": 0.02, "quick": 1.0, "full": 3.0}
"""What a second of the plan lasts."""
ROUND_TRIPS_MS = (0, 1, 5)


@dataclass(frozen=True, slots=True)
class Stage:
    """Measurements that take turns."""

    name: str
    jobs: dict[str, Job]
    """By the name under which bars and rows know it."""
    slices: int = SLICES


def stages(length: Length) -> list[Stage]:
    """Return the plan; every job has a seed of its own, the turn is added to it."""
    second = _SECONDS[length]
    found = [
        *(_single_agent(milliseconds, second) for milliseconds in ROUND_TRIPS_MS),
        _contention(second),
        _contention_elsewhere(0, 0.3 * second),
        _contention_elsewhere(5, second),
        *(_overhead(*each, second=second) for each in OVERHEADS),
        _wake_ups(second),
        _long(length),
        _auditors(second),
        _first_runs(second),
        _record(second),
        _coroutines(second),
    ]
    return [_seeded(stage, index, length) for index, stage in enumerate(found)]


OVERHEADS = ((1, "bank", 20), (5, "bank", 100), (1, "hot", 100))
"""Milliseconds of a round trip, the transaction, and milliseconds of work between two."""


def _single_agent(milliseconds: int, second: float) -> Stage:
    both = ("helper", "helper, GET each", "ours", "raw")
    choices = [(client, keys, "varied") for keys in (1, 3, 10) for client in both]
    choices.remove(("helper, GET each", 1, "varied"))  # one GET, one MGET: the same
    steady = ("ours", "ours, function", "raw, WATCH ahead")
    choices += [(client, 1, "steady") for client in steady]
    choices += [("raw", 1, "plain SET")]
    jobs = {
        names.single(milliseconds, client, keys, workload): Job(
            workload=workload, client=client, keys=keys, seconds=0.12 * second,
            round_trip_seconds=milliseconds * _MS, space=_space(client),
        )
        for client, keys, workload in choices
    }  # fmt: skip
    return Stage(f"one agent, {names.distance(milliseconds)}", jobs)


def _contention(second: float) -> Stage:
    jobs = {
        names.crowd(1, workload, client): _crowd_job(1, workload, client, 0.6 * second)
        for workload in ("hot", "bank")
        for client in ("helper", "ours", "ours, function", "raw")
    }
    for client in ("ours", "raw"):
        jobs[names.crowd(1, "count", client)] = _crowd_job(1, "count", client, 0.4 * second)
    where = names.distance(1)
    return Stage(f"{names.AGENTS} agents on the same variables, {where}", jobs)


def _contention_elsewhere(milliseconds: int, seconds: float) -> Stage:
    jobs = {
        names.crowd(milliseconds, workload, client): _crowd_job(
            milliseconds, workload, client, seconds
        )
        for workload in ("hot", "bank")
        for client in ("helper", "ours")
    }
    where = names.distance(milliseconds)
    return Stage(f"{names.AGENTS} agents on the same variables, {where}", jobs, slices=3)


def _overhead(milliseconds: int, workload: str, work_ms: int, *, second: float) -> Stage:
    clients = ("helper", "ours")
    seconds = (0.6 if work_ms < 50 else 1.0) * second
    jobs = {
        names.crowd(milliseconds, workload, client, work_ms): _crowd_job(
            milliseconds, workload, client, seconds, work_ms
        )
        for client in clients
    }
    return Stage(f"overhead beside {work_ms} ms of work, {names.distance(milliseconds)}", jobs)


def _crowd_job(
    milliseconds: int, workload: str, client: str, seconds: float, work_ms: int = 0
) -> Job:
    return Job(
        workload=workload, client=client, agents=names.AGENTS, seconds=seconds,
        round_trip_seconds=milliseconds * _MS, work_seconds=work_ms * _MS, space=_space(client),
        keys=2 if workload == "bank" else 1,
    )  # fmt: skip


def _wake_ups(second: float) -> Stage:
    jobs = {
        names.wake_ups(milliseconds, waiters, client): Job(
            workload="wake-up", client=client, agents=1 + waiters, seconds=0.25 * second,
            round_trip_seconds=milliseconds * _MS, space="bench-wake",
        )
        for milliseconds in (0, 1)
        for waiters in (1, WAITERS)
        for client in ("ours", "raw")
    }  # fmt: skip
    return Stage("wake-up of blocked transactions", jobs)


def _long(length: Length) -> Stage:
    seconds = 0.1 if length == "short" else 3.0  # the bar counts commits in 3 s
    jobs = {
        names.long_transaction(names.LONG): _movers("long", 9, seconds),
        names.long_transaction(names.MOVERS): _movers("movers", 8, seconds / 3),
    }
    return Stage("a long transaction beside movers", jobs, slices=3 if length == "full" else 1)


def _movers(workload: str, agents: int, seconds: float) -> Job:
    return Job(
        workload=workload, client="ours", agents=agents, seconds=seconds,
        round_trip_seconds=_MS, space="bench-long",
    )  # fmt: skip


def _auditors(second: float) -> Stage:
    jobs = {
        names.auditor(client): Job(
            workload="auditor", client=client, agents=5, seconds=0.5 * second, keys=2,
            space=_space(client),
        )
        for client in ("ours", "helper, GET each")
    }  # fmt: skip
    return Stage("auditor beside movers", jobs)


def _first_runs(second: float) -> Stage:
    chains: tuple[Literal["first", "later"], ...] = ("first", "later")
    jobs = {names.chain(run): _chain_job(run, second) for run in chains}
    return Stage("dependent reads", jobs)


def _record(second: float) -> Stage:
    jobs = {
        names.replay(keys, with_record=with_record): _replay_job(
            keys, second, with_record=with_record
        )
        for keys in (1, 3)
        for with_record in (True, False)
    }
    # Twice as often for half as long: it is a small difference of two quick things.
    return Stage("the exactly-once record", jobs, slices=2 * SLICES + 1)


def _chain_job(run: str, second: float) -> Job:
    return Job(
        workload=f"chain, {run} run", client="ours", seconds=0.2 * second,
        round_trip_seconds=_MS, space="bench-chain",
    )  # fmt: skip


def _replay_job(keys: int, second: float, *, with_record: bool) -> Job:
    return Job(
        workload="replay" if with_record else "replay without record",
        client="ours", keys=keys, seconds=0.1 * second, space="bench-replay",
    )  # fmt: skip


def _coroutines(second: float) -> Stage:
    jobs = {
        names.coroutines(milliseconds, number): Job(
            workload="coroutines", client="ours, function", keys=number, seconds=0.2 * second,
            round_trip_seconds=milliseconds * _MS, space="bench-coroutines",
        )
        for milliseconds in (0, 1)
        for number in (1, COROUTINES)
    }  # fmt: skip
    return Stage("coroutines on one connection", jobs)


def _seeded(stage: Stage, index: int, length: Length) -> Stage:
    jobs = {
        name: structs.replace(job, seed=10_000 * (1 + 100 * index + number))
        for number, (name, job) in enumerate(stage.jobs.items())
    }
    return Stage(stage.name, jobs, 1 if length == "short" else stage.slices)


def _space(client: str) -> str:
    return "bench-" + client.replace(", ", "-").replace(" ", "-")
