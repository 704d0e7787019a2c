"""Livelock: all agents change the same variables, and each makes the others begin again.

A model of the failure, in a space of its own: threads stand in for agents. A run is one that was
begun, whether or not it came as far as thinking; so the two ways to do it count the same.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from orchestrator.experiments.failures.space import TrialSpace, run_together, trial_space
from orchestrator.experiments.failures.trial import LIMIT_SECONDS, Trial
from swarm_workers.stm import Stm

_AGENTS = 16
_COMMITS_EACH = 8
_HOT = tuple(f"hot-{index}" for index in range(3))
_THINKING_SECONDS = 0.002
"""Between what is read and what is written."""


@dataclass(frozen=True, slots=True)
class Livelock:
    """Agents that read three variables, think, and write them."""

    url: str
    name: str = "livelock"
    provocation: str = (
        "a model in a space of its own: sixteen agents read three variables, think for 2 ms, and "
        "write them"
    )
    remedy: str = "after a conflict, transactions take turns at the contended variables"
    without: str = "`transaction()` of redis-py: WATCH, MULTI, and again at once"
    overcome: str = "each of the sixteen has committed eight times"
    seconds_max: float = LIMIT_SECONDS

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Return after how long all have done their eight transactions, and how often in vain."""
        with trial_space(self.url, self.name) as space:
            tally = _Tally(Random(seed))  # noqa: S311 - no secret
            agents = [
                lambda: _work(_stepper(space, tally, has_remedy=has_remedy), tally)
                for _ in range(_AGENTS)
            ]
            seconds = run_together(agents)
            runs = tally.attempts + space.runs
        done = len(tally.waits)
        return Trial(
            is_overcome=done == _AGENTS * _COMMITS_EACH,
            seconds=seconds,
            figures={
                "runs begun per commit": runs / max(1, done),
                "commits per second": done / seconds,
                "slowest transaction, seconds": max(tally.waits, default=LIMIT_SECONDS),
            },
        )


class _Tally:
    """What the agents of one trial did. Lists and sums are the interpreter's own to guard."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.attempts = 0
        """Begun without our transactions; those count their runs themselves."""
        self.waits: list[float] = []

    def think(self) -> None:
        """Take some time inside a body."""
        time.sleep(self.chance.uniform(0.5, 1.5) * _THINKING_SECONDS)  # noqa: TID251 - see above


def _work(step: Callable[[], object], tally: _Tally) -> None:
    began = time.monotonic()
    for _ in range(_COMMITS_EACH):
        at = time.monotonic()
        if at - began > LIMIT_SECONDS:
            return
        step()
        tally.waits.append(time.monotonic() - at)


def _stepper(space: TrialSpace, tally: _Tally, *, has_remedy: bool) -> Callable[[], object]:
    if has_remedy:
        stm = space.stm()
        return lambda: stm.atomically(_raise_all, stm, tally)
    client, keys = space.plain(), [space.key(name) for name in _HOT]
    return lambda: client.transaction(lambda pipe: _raise_plain(pipe, keys, tally), *keys)


def _raise_all(stm: Stm, tally: _Tally) -> None:
    variables = [stm.var(name, int, default=0) for name in _HOT]
    values = [variable.get() for variable in variables]
    tally.think()
    for variable, value in zip(variables, values, strict=True):
        variable.set(value + 1)


def _raise_plain(pipe: Any, keys: list[str], tally: _Tally) -> None:
    tally.attempts += 1
    values = [int(value or 0) for value in pipe.mget(keys)]
    tally.think()
    pipe.multi()
    for key, value in zip(keys, values, strict=True):
        pipe.set(key, value + 1)
