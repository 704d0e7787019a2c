"""Deadlock: an agent waits in `retry` for something that nobody is left to do.

The remedy makes quiescence a state of the space: whoever works is in a set, and leaves it before it
waits or goes. A waiter reads the set together with what it waits for, so the last one that leaves
wakes it, and it finds that nothing can change any more. No clock is asked.
"""

import time
from dataclasses import dataclass
from functools import partial
from random import Random

from orchestrator.experiments.failures.space import TrialSpace, run_together, trial_space
from orchestrator.experiments.failures.trial import LIMIT_SECONDS, Trial
from swarm_workers.stm import Stm, TransactionTimeoutError, check

_FINDERS = 4
_FOUND_EACH = 5
_WANTED = 50
"""More than there is to find."""


@dataclass(frozen=True, slots=True)
class Deadlock:
    """A synthesizer wants more facts than there are."""

    url: str
    name: str = "deadlock"
    provocation: str = "one agent waits for 50 facts; four others find 20 and go"
    remedy: str = "the waiter reads who is still at work together with what it waits for"
    without: str = "the waiter reads only what it waits for"

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Return after how long the waiter knew that it waits in vain, from the last find on."""
        with trial_space(self.url, self.name) as space:
            return _trial(space, has_remedy=has_remedy, chance=Random(seed))  # noqa: S311 - no secret


def _trial(space: TrialSpace, *, has_remedy: bool, chance: Random) -> Trial:
    finders = [f"finder-{index}" for index in range(_FINDERS)]
    first = space.stm()
    at_work = first.set("at-work", str)
    for finder in finders:
        first.atomically(at_work.add, finder)
    last_find: list[float] = []
    ended: list[float] = []
    overcome: list[bool] = []

    def wait() -> None:
        stm = space.stm()
        overcome.append(_knows_in_vain(stm, has_remedy=has_remedy))
        ended.append(time.monotonic())

    def find(name: str, pause: float) -> None:
        stm = space.stm()
        for _ in range(_FOUND_EACH):
            time.sleep(pause)  # noqa: TID251 - the work of a finder
            stm.atomically(stm.counter("facts").add, 1)
        stm.atomically(stm.set("at-work", str).remove, name)
        last_find.append(time.monotonic())

    pauses = [chance.uniform(0.001, 0.01) for _ in finders]
    pairs = zip(finders, pauses, strict=True)
    run_together([wait, *(partial(find, name, pause) for name, pause in pairs)])
    seconds = max(0.0, ended[0] - max(last_find))
    return Trial(overcome[0], seconds)


def _knows_in_vain(stm: Stm, *, has_remedy: bool) -> bool:
    """Wait for facts; return whether it was found out that there will not be enough."""
    facts, at_work = stm.counter("facts"), stm.set("at-work", str)

    def wait() -> bool:
        if facts.value() >= _WANTED:
            return False
        check(has_remedy and not at_work.members())
        return True

    try:
        return stm.atomically(wait, timeout_seconds=LIMIT_SECONDS)
    except TransactionTimeoutError:
        return False
