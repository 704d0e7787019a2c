"""Which changes are tested together, and how those at fault are found.

Pure: no I/O, no clock, no chance.

A batch is tested once for all that is in it. If that fails, its halves are tested, each on what
the one before it left, until a half is one change: that one is at fault. A batch that is being
halved takes no newcomers, so that it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm_workers.source.values import Change

BATCH_MAX = 8
"""Changes tested together: with one at fault, at most 7 runs settle eight."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A change that waits to land."""

    change: Change
    gained: frozenset[str]
    """Tests that it is known to turn green on its base; empty if nothing is known."""
    flaky: frozenset[str]
    """Tests that count for neither side."""


def choose(waiting: Sequence[Queued], red: frozenset[str]) -> list[Queued]:
    """Return the changes to test together, of those that wait.

    The first is always among them. A further one is only if it turns a red test green that none
    before it does: with two cures for one test, no run would tell whether the second is any good.

    Args:
        waiting: the longest first.
        red: tests that are red on the head.
    """
    chosen = list(waiting[:1])
    left = red - _gained(chosen)
    for each in waiting[1:]:
        if len(chosen) == BATCH_MAX or not _is_known(chosen):
            break
        if each.gained & left:
            chosen.append(each)
            left -= each.gained
    return chosen


def halves(batch: Sequence[Queued]) -> list[list[Queued]]:
    """Return the two halves of a batch of two or more, the first one first."""
    assert len(batch) > 1, "one change has no halves"
    middle = (len(batch) + 1) // 2
    return [list(batch[:middle]), list(batch[middle:])]


def is_too_late(queued: Queued, red: frozenset[str]) -> bool:
    """Say whether all that a change is known to turn green is green by now.

    Where no test is red and the command fails nevertheless, a run has to tell.
    """
    return bool(red and queued.gained and not queued.gained & red)


def idle(batch: Sequence[Queued], turned_green: frozenset[str]) -> list[Queued]:
    """Return the changes that were to turn tests green none of which did."""
    return [each for each in batch if each.gained and not each.gained & turned_green]


def _gained(batch: Sequence[Queued]) -> frozenset[str]:
    return frozenset().union(*(each.gained for each in batch))


def _is_known(batch: Sequence[Queued]) -> bool:
    return all(each.gained for each in batch)
