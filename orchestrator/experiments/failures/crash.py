"""A crash: an agent that holds a lease is killed, and nobody gives the lease back for it."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass

from orchestrator.experiments.failures.holder import Held
from orchestrator.experiments.failures.space import trial_space
from orchestrator.experiments.failures.trial import LIMIT_SECONDS, Trial
from swarm_workers.stm import Stm, TransactionTimeoutError, retry

_LEASE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Crash:
    """A process is killed by SIGKILL while it holds what others wait for."""

    url: str
    name: str = "crashed holder"
    provocation: str = "a process takes a lease and is killed; another waits for the lease"
    remedy: str = "a lease lapses unless its holder renews it; here after 0.3 s"
    without: str = "a lease that is held until it is given back"

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:  # noqa: ARG002 - nothing is drawn
        """Return after how long the lease was somebody else's, from the kill on."""
        with trial_space(self.url, "crash") as space:
            seconds_held = _LEASE_SECONDS if has_remedy else float("1e12")
            _crash_while_holding(self.url, space.name, seconds_held)
            began = time.monotonic()
            is_overcome = _is_taken_over(space.stm(), began + LIMIT_SECONDS)
            return Trial(is_overcome, time.monotonic() - began)


def _crash_while_holding(url: str, space: str, seconds: float) -> None:
    """Let a process take the lease, and kill it."""
    argv = [sys.executable, "-m", "orchestrator.experiments.failures.holder"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None, "the pipe was asked for"
        assert process.stdout is not None, "the pipe was asked for"
        # Through a pipe: the URL has a password, and everybody sees a command's arguments.
        process.stdin.write(json.dumps([url, space, seconds]).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        process.kill()


def _is_taken_over(stm: Stm, deadline: float) -> bool:
    """Wait for the lease as agents do: until it changes, or until it lapses."""
    lease = stm.var("lease", Held, default=Held())
    while time.monotonic() < deadline:
        held = stm.atomically(lease.get)
        now = time.time()  # noqa: TID251 - see above
        try:
            patience = min(held.until - now, deadline - time.monotonic())
            stm.atomically(_take, stm, now, timeout_seconds=max(0.001, patience))
        except TransactionTimeoutError:
            continue
        return True
    return False


def _take(stm: Stm, now: float) -> None:
    lease = stm.var("lease", Held, default=Held())
    if lease.get().until > now:
        retry()
    lease.set(Held("second", now + _LEASE_SECONDS))
