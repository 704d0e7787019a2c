"""What an optimizer does next: explore a region that nobody searched, or refine what is known.

It explores until there are enough elites to refine between, then now and then, and again most of
the time once as many elites as may have drawn together: then little is left to find between them.
Pure: no I/O, no clock; chance is an argument.
"""

import itertools
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from swarm_workers.agents.optimization.view import Box, Elite, Role

ELITES_MIN = 4
"""Refining takes three points beside the one that it moves."""
EXPLORE_WHILE_FILLING = 0.5
"""Share of the turns that explore while there is room for more elites."""
EXPLORE_WHEN_FULL = 0.15
EXPLORE_WHEN_CONVERGED = 0.8


@dataclass(frozen=True, slots=True)
class Grid:
    """The regions: cells of a grid."""

    dimensions: int
    cells_per_axis: int

    @property
    def count(self) -> int:
        """How many regions there are."""
        return int(self.cells_per_axis**self.dimensions)

    def name(self, index: int) -> str:
        """Return a region's name, such as `0-3-1`."""
        return "-".join(str(at) for at in self.cell(index))

    def cell(self, index: int) -> tuple[int, ...]:
        """Return the place of the region with this index."""
        digits = []
        for _ in range(self.dimensions):
            index, digit = divmod(index, self.cells_per_axis)
            digits.append(digit)
        return tuple(reversed(digits))

    def free(self, taken: Collection[str], chance: random.Random) -> int | None:
        """Return the index of a region whose name is not taken; None if all are."""
        if len(taken) >= self.count:
            return None
        for index in itertools.islice(iter(lambda: chance.randrange(self.count), -1), 8):
            if self.name(index) not in taken:
                return index
        left = [index for index in range(self.count) if self.name(index) not in taken]
        return chance.choice(left) if left else None


def role_of(
    elites: Sequence[Elite], elites_max: int, box: Box, *, has_free: bool, chance: random.Random
) -> Role:
    """Return what a turn is for.

    Args:
        elites: the best points known.
        elites_max: how many are kept.
        box: of the whole problem.
        has_free: whether a region is left that nobody explored or claimed.
        chance: drawn from once.
    """
    drawn = chance.random()
    if len(elites) < min(ELITES_MIN, elites_max):
        return Role.EXPLORE
    share = EXPLORE_WHILE_FILLING if len(elites) < elites_max else EXPLORE_WHEN_FULL
    if have_converged(elites, close_max(elites_max), box):
        share = EXPLORE_WHEN_CONVERGED
    return Role.EXPLORE if has_free and drawn < share else Role.REFINE


def close_max(elites_max: int) -> int:
    """Return how many elites may be close to each other: the rest is kept for other places."""
    return max(1, elites_max // 2)


def have_converged(elites: Sequence[Elite], count: int, box: Box) -> bool:
    """Say whether so many elites, the best one among them, have drawn together."""
    return sum(box.are_close(elites[0].point, each.point) for each in elites) >= count


def selected(elites: Sequence[Elite], elites_max: int, box: Box) -> tuple[Elite, ...]:
    """Return the elites to keep, best first: the best, but not too many of one place.

    Without that bound the elites of the first good place crowd out all others, and a swarm, which
    shares them, is caught there as a whole.
    """
    kept: list[Elite] = []
    crowded: list[Elite] = []
    for each in sorted(elites, key=lambda elite: -elite.score):
        close = sum(box.are_close(each.point, other.point) for other in kept)
        (kept if close < close_max(elites_max) else crowded).append(each)
    return tuple([*kept, *crowded][:elites_max])
