"""Starvation: a long transaction among short ones that keep changing what it reads.

A model of the failure, in a space of its own: threads stand in for agents. The short agents are the
same with the remedy and without: transactions on the same variables, as often a second. Only the
long one differs; without the remedy it watches those variables through the usual client.
"""

import threading
import time
from dataclasses import dataclass
from random import Random
from typing import Any

from orchestrator.experiments.failures.space import TrialSpace, run_together, trial_space
from orchestrator.experiments.failures.trial import LIMIT_SECONDS, Trial
from swarm_workers.stm import Stm, TransactionTimeoutError

_SHORT = 6
_CELLS = tuple(f"cell-{index}" for index in range(24))
_THINKING_SECONDS = 0.02
"""Of the long transaction, between what it reads and what it writes."""
_PAUSE_SECONDS = 0.01
"""Of a short agent between two transactions, so that all trials offer the same load."""
_CONNECT_SECONDS_MAX = 30


@dataclass(frozen=True, slots=True)
class Starvation:
    """A synthesizer that reads all facts while others go on writing them."""

    url: str
    name: str = "starvation"
    provocation: str = (
        "a model in a space of its own: one agent reads 24 variables, thinks for 20 ms, and "
        "writes; six agents each change one of them every 10 ms"
    )
    remedy: str = "a transaction that was in vain closes a gate for as long as it needs"
    without: str = "the long one alone by `transaction()` of redis-py: WATCH, MULTI, again at once"
    overcome: str = "the long transaction was committed"
    seconds_max: float = LIMIT_SECONDS

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Return after how long the long transaction was through."""
        with trial_space(self.url, self.name) as space:
            trial = _Crowd(space, Random(seed), has_remedy=has_remedy)  # noqa: S311 - no secret
            run_together([trial.long, *[trial.short] * _SHORT])
        return Trial(
            is_overcome=trial.is_through,
            seconds=trial.seconds,
            figures={
                "runs begun by the long one": trial.long_runs,
                "short commits per second": trial.short_commits / trial.seconds,
            },
        )


class _Crowd:
    """One long transaction, and short ones until it is through."""

    def __init__(self, space: TrialSpace, chance: Random, *, has_remedy: bool) -> None:
        self._space = space
        self._chance = chance
        self._has_remedy = has_remedy
        self._is_crowded = threading.Barrier(_SHORT + 1, timeout=_CONNECT_SECONDS_MAX)
        self._over = threading.Event()
        self.is_through = False
        self.seconds = LIMIT_SECONDS
        self.long_runs = 0
        self.short_commits = 0

    def long(self) -> None:
        """Read all, think, write the sum; give up at the limit."""
        self._is_crowded.wait()
        began = time.monotonic()
        try:
            self._long_with() if self._has_remedy else self._long_without(began)
            self.is_through = True
        except (TransactionTimeoutError, TimeoutError):
            self.is_through = False
        finally:
            self.seconds = time.monotonic() - began
            self._over.set()

    def short(self) -> None:
        """Change one variable after the other until the long one is through."""
        stm = self._space.stm()
        stm.atomically(_raise, stm, self._chance.choice(_CELLS))  # connected before it begins
        self._is_crowded.wait()
        while not self._over.wait(self._chance.uniform(0.5, 1.5) * _PAUSE_SECONDS):
            stm.atomically(_raise, stm, self._chance.choice(_CELLS))
            self.short_commits += 1

    def _long_with(self) -> None:
        stm = self._space.stm()

        def add_up() -> None:
            total = sum(stm.var(name, int, default=0).get() for name in _CELLS)
            _think()
            stm.var("sum", int, default=0).set(total)

        try:
            stm.atomically(add_up, timeout_seconds=LIMIT_SECONDS)
        finally:
            self.long_runs = stm.statistics().total.runs

    def _long_without(self, began: float) -> None:
        stm = self._space.stm()
        keys = [stm.var(name, int, default=0).key for name in _CELLS]

        def add_up(pipe: Any) -> None:
            if time.monotonic() - began > LIMIT_SECONDS:
                raise TimeoutError
            self.long_runs += 1
            size = sum(len(value or b"") for value in pipe.mget(keys))
            _think()
            pipe.multi()
            pipe.set(self._space.key("sum"), size)

        self._space.plain().transaction(add_up, *keys)


def _think() -> None:
    time.sleep(_THINKING_SECONDS)  # noqa: TID251 - the work of the long one


def _raise(stm: Stm, name: str) -> None:
    variable = stm.var(name, int, default=0)
    variable.set(variable.get() + 1)
