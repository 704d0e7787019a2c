"""How long a blocked `retry` sleeps on after the commit it waits for.

Beside it the limit: a bare connection to which the server reports changes, and which reads again.
"""

import time
from collections.abc import Callable
from typing import Protocol

from orchestrator.bench.stm.limit import Raw
from orchestrator.bench.stm.measured import Task, pause
from orchestrator.bench.stm.messages import Outcome
from orchestrator.bench.stm.ours import Ours
from orchestrator.bench.stm.raw import pack
from swarm_workers.stm import TVar, check

_BETWEEN_SECONDS = 0.03
_OVER = -1.0
_WAIT_SECONDS_MAX = 20.0


class Signal(Protocol):
    """A number that one agent sets and the others wait for."""

    def send(self) -> None:
        """Commit the instant at which the body ends."""
        ...

    def end(self) -> None:
        """Commit that it is over."""
        ...

    def next_after(self, seen: float) -> tuple[float, float]:
        """Block until the number is another; return it, and the seconds since it was sent."""
        ...


def wake_up(task: Task) -> Callable[[], Outcome]:
    """Agent 0 commits the instant at which its body ended; the others wait for it by `retry`.

    The latency of a waiter ends when its body has read the new value. The clock is the machine's,
    the same for all its processes.
    """
    name = f"signal/{task.job.seed}"
    signal: Signal
    if isinstance(task.client, Ours):
        signal = _OurSignal(task.client, name)
    else:
        assert isinstance(task.client, Raw), "the usual client has no retry"
        signal = _RawSignal(task.client, name)
    return lambda: _wait(signal) if task.index else _wake(task, signal)


class _OurSignal:
    """A variable, and `retry`."""

    def __init__(self, client: Ours, name: str) -> None:
        self._stm = client.stm
        self._variable: TVar[float] = client.stm.var(name, float, default=0.0)
        client.stm.atomically(self._variable.get)

    def send(self) -> None:
        self._stm.atomically(_set_now, self._variable)

    def end(self) -> None:
        self._stm.atomically(self._variable.set, _OVER)

    def next_after(self, seen: float) -> tuple[float, float]:
        return self._stm.atomically(
            _next_after, self._variable, seen, timeout_seconds=_WAIT_SECONDS_MAX
        )


def _set_now(variable: TVar[float]) -> None:
    variable.set(time.monotonic())


def _next_after(variable: TVar[float], seen: float) -> tuple[float, float]:
    sent_at = variable.get()
    check(sent_at != seen)
    return sent_at, time.monotonic() - sent_at


class _RawSignal:
    """A key that the server is asked to report."""

    def __init__(self, client: Raw, name: str) -> None:
        self._wire = client.wire
        self._key = client.prefix + name
        self._read = pack("GET", self._key)
        self._wire.flight(pack("HELLO", 3) + pack("CLIENT", "TRACKING", "ON"), 2)

    def send(self) -> None:
        self._wire.flight(pack("SET", self._key, repr(time.monotonic())), 1)

    def end(self) -> None:
        self._wire.flight(pack("SET", self._key, repr(_OVER)), 1)

    def next_after(self, seen: float) -> tuple[float, float]:
        while True:
            sent_at = float(self._wire.flight(self._read, 1)[0] or 0)
            if sent_at != seen:
                return sent_at, time.monotonic() - sent_at
            self._wire.wait_push()


def _wake(task: Task, signal: Signal) -> Outcome:
    ends_at = time.monotonic() + task.job.seconds
    outcome = Outcome()
    # The waiters are asleep after a few round trips; there is nothing by which to see it from here.
    between = _BETWEEN_SECONDS + 10 * task.job.round_trip_seconds
    pause(between)
    while time.monotonic() < ends_at:
        signal.send()
        outcome.noted["sent"] = outcome.noted.get("sent", 0) + 1
        pause(between)
    signal.end()
    return outcome


def _wait(signal: Signal) -> Outcome:
    outcome, seen = Outcome(), 0.0
    while seen != _OVER:
        seen, seconds = signal.next_after(seen)
        if seen != _OVER:
            outcome.latencies.append(seconds)
    outcome.commits = len(outcome.latencies)
    return outcome
