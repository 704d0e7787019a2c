"""Starvation: a long transaction among short ones that keep changing what it reads."""

import threading
import time
from dataclasses import dataclass
from random import Random
from typing import Any

from orchestrator.experiments.failures.space import TrialSpace, run_together, trial_space
from orchestrator.experiments.failures.trial import LIMIT_SECONDS, Trial
from swarm_workers.stm import Stm, TransactionTimeoutError

_SHORT = 6
_CELLS = 24
_THINKING_SECONDS = 0.02
"""Of the long transaction, between what it reads and what it writes."""


@dataclass(frozen=True, slots=True)
class Starvation:
    """A synthesizer that reads all facts while others go on writing them."""

    url: str
    name: str = "starvation"
    provocation: str = "one agent reads 24 variables, thinks for 20 ms, and writes; six change them"
    remedy: str = "a transaction that was in vain closes a gate for as long as it needs"
    without: str = "`transaction()` of redis-py: WATCH, MULTI, and again at once"

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Return after how long the long transaction was through."""
        with trial_space(self.url, self.name) as space:
            trial = _Crowd(space, Random(seed), has_remedy=has_remedy)  # noqa: S311 - no secret
            run_together([trial.long, *[trial.short] * _SHORT])
        return Trial(
            is_overcome=trial.is_through,
            seconds=trial.seconds,
            figures={
                "runs of the long one": trial.long_runs,
                "short commits per second": trial.short_commits / trial.seconds,
            },
        )


class _Crowd:
    """One long transaction, and short ones until it is through."""

    def __init__(self, space: TrialSpace, chance: Random, *, has_remedy: bool) -> None:
        self._space = space
        self._chance = chance
        self._has_remedy = has_remedy
        self._over = threading.Event()
        self.is_through = False
        self.seconds = LIMIT_SECONDS
        self.long_runs = 0
        self.short_commits = 0

    def long(self) -> None:
        """Read all, think, write the sum; give up at the limit."""
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
        plain = self._space.plain()
        while not self._over.is_set():
            name = f"cell-{self._chance.randrange(_CELLS)}"
            if self._has_remedy:
                stm.atomically(_raise, stm, name)
            else:
                plain.incr(self._space.key(name))
            self.short_commits += 1

    def _long_with(self) -> None:
        stm = self._space.stm()

        def add_up() -> None:
            total = sum(stm.var(f"cell-{index}", int, default=0).get() for index in range(_CELLS))
            self._think()
            stm.var("sum", int, default=0).set(total)

        stm.atomically(add_up, timeout_seconds=LIMIT_SECONDS)

    def _long_without(self, began: float) -> None:
        keys = [self._space.key(f"cell-{index}") for index in range(_CELLS)]

        def add_up(pipe: Any) -> None:
            if time.monotonic() - began > LIMIT_SECONDS:
                raise TimeoutError
            total = sum(int(value or 0) for value in pipe.mget(keys))
            self._think()
            pipe.multi()
            pipe.set(self._space.key("sum"), total)

        self._space.plain().transaction(add_up, *keys)

    def _think(self) -> None:
        self.long_runs += 1
        time.sleep(_THINKING_SECONDS)  # noqa: TID251 - the work of the long one


def _raise(stm: Stm, name: str) -> None:
    variable = stm.var(name, int, default=0)
    variable.set(variable.get() + 1)
