"""How long a blocked `retry` sleeps on after the commit it waits for."""

import time
from collections.abc import Callable

from orchestrator.bench.stm.measured import Task, pause
from orchestrator.bench.stm.messages import Outcome
from orchestrator.bench.stm.ours import Ours
from swarm_workers.stm import TVar, check

_BETWEEN_SECONDS = 0.03
_OVER = -1.0
_WAIT_SECONDS_MAX = 20.0


def wake_up(task: Task) -> Callable[[], Outcome]:
    """Agent 0 commits the instant at which its body ended; the others wait for it by `retry`.

    The latency of a waiter ends when its body has read the new value. The clock is the machine's,
    the same for all its processes.
    """
    assert isinstance(task.client, Ours), "the usual client has no retry"
    client = task.client
    signal = client.stm.var(f"signal/{task.job.seed}", float, default=0.0)
    if task.index == 0:
        client.stm.atomically(_send, client.stm.var("unrelated", float, default=0.0))
        return lambda: _wake(task, client, signal)
    client.stm.atomically(signal.get)
    return lambda: _wait(client, signal)


def _send(signal: TVar[float]) -> None:
    signal.set(time.monotonic())


def _wake(task: Task, client: Ours, signal: TVar[float]) -> Outcome:
    ends_at = time.monotonic() + task.job.seconds
    outcome = Outcome()
    # The waiters are asleep after a few round trips; there is nothing by which to see it from here.
    between = _BETWEEN_SECONDS + 10 * task.job.round_trip_seconds
    pause(between)
    while time.monotonic() < ends_at:
        client.stm.atomically(_send, signal)
        outcome.noted["sent"] = outcome.noted.get("sent", 0) + 1
        pause(between)
    client.stm.atomically(signal.set, _OVER)
    return outcome


def _wait(client: Ours, signal: TVar[float]) -> Outcome:
    outcome, seen = Outcome(), 0.0
    while seen != _OVER:
        seen, seconds = client.stm.atomically(
            _next_after, signal, seen, timeout_seconds=_WAIT_SECONDS_MAX
        )
        if seen != _OVER:
            outcome.latencies.append(seconds)
    outcome.commits = len(outcome.latencies)
    return outcome


def _next_after(signal: TVar[float], seen: float) -> tuple[float, float]:
    sent_at = signal.get()
    check(sent_at != seen)
    return sent_at, time.monotonic() - sent_at
