"""What agents do in a slice. Each function prepares, outside of the time, and returns the rest."""

import itertools
from collections.abc import Callable
from functools import partial

from orchestrator.bench.stm import trials, wakeups
from orchestrator.bench.stm.client import Probe
from orchestrator.bench.stm.limit import Raw
from orchestrator.bench.stm.measured import Task, run_measured
from orchestrator.bench.stm.messages import Outcome
from orchestrator.bench.stm.ours import Ours
from orchestrator.bench.stm.raw import pack

ACCOUNTS = 16
GROUPS = 32
"""Sets of variables among which a transaction that is not to repeat the last one chooses."""
_WARM_UP = 3
"""Transactions of an agent that is alone; in a crowd one each is plenty."""
Prepared = Callable[[], Outcome]


def steady(task: Task) -> Prepared:
    """Add 1 to the same variables of this agent's own, again and again."""
    names = [f"own/{task.index}/{number}" for number in range(task.job.keys)]
    return _adding(task, itertools.repeat(names).__next__)


def varied(task: Task) -> Prepared:
    """Add 1 to variables of this agent's own that are not those of the transaction before."""
    groups = [
        [f"own/{task.index}/{group}/{number}" for number in range(task.job.keys)]
        for group in range(GROUPS)
    ]
    return _adding(task, itertools.cycle(groups).__next__)


def hot(task: Task) -> Prepared:
    """Add 1 to the one variable of all."""
    return _adding(task, itertools.repeat(["hot"]).__next__)


def bank(task: Task) -> Prepared:
    """Move 1 between two of sixteen accounts."""
    names = [f"account/{number}" for number in range(ACCOUNTS)]

    def step() -> None:
        task.client.add_each(task.chance.sample(names, 2), (-1, 1))

    return _measured(task, step, task.client.probe, increments_each=0)


def count(task: Task) -> Prepared:
    """Add 1 to the one counter of all, blindly."""
    client = task.client
    if isinstance(client, Ours):
        counter, probe = client.counter("count"), client.probe

        def add() -> None:
            probe.run()
            counter.add(1)

        return _measured(task, lambda: client.stm.atomically(add), probe)
    assert isinstance(client, Raw), "the usual client has no blind transaction"
    data = pack("MULTI") + pack("INCRBY", client.prefix + "count", 1) + pack("EXEC")
    return _measured(task, lambda: client.wire.flight(data, 3), Probe())


def plain_set(task: Task) -> Prepared:
    """SET one key on a bare connection: no transaction, what one round trip costs."""
    client = task.client
    assert isinstance(client, Raw), "this is the limit, not a client"
    data = pack("SET", f"{{{task.job.space}}}:plain:{task.index}", 1)
    return _measured(task, lambda: client.wire.flight(data, 1), Probe(), increments_each=0)


def _adding(task: Task, choose: Callable[[], list[str]]) -> Prepared:
    amounts = [1] * task.job.keys

    def step() -> None:
        task.client.add_each(choose(), amounts)

    return _measured(task, step, task.client.probe, increments_each=task.job.keys)


def _measured(
    task: Task, step: Callable[[], object], probe: Probe, *, increments_each: int = 1
) -> Prepared:
    """Warm up, and return the rest."""
    warm_up = _WARM_UP if task.job.agents == 1 else 1
    for _ in range(warm_up):
        step()

    def run() -> Outcome:
        outcome = run_measured(task, step, probe)
        outcome.increments = increments_each * (warm_up + len(outcome.latencies))
        return outcome

    return run


WORKLOADS: dict[str, Callable[[Task], Prepared]] = {
    "steady": steady,
    "varied": varied,
    "hot": hot,
    "bank": bank,
    "count": count,
    "plain SET": plain_set,
    "wake-up": wakeups.wake_up,
    "auditor": trials.auditor,
    "long": trials.long_beside_movers,
    "movers": trials.movers_alone,
    "chain, first run": partial(trials.chain, is_first=True),
    "chain, later run": partial(trials.chain, is_first=False),
    "coroutines": trials.coroutines,
    "replay": partial(trials.replay, with_record=True),
    "replay without record": partial(trials.replay, with_record=False),
}
"""By name."""
