"""What an optimizer does next: explore a region that nobody searched, or refine what is known.

It explores until there are enough elites to refine between, then now and then, and again most of
the time once the elites have drawn together: then there is nothing left to find between them.
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
CONVERGED_SHARE = 0.02
"""Elites no further apart than this part of the box, along every axis, have drawn together."""


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
    if have_converged(elites, box):
        share = EXPLORE_WHEN_CONVERGED
    return Role.EXPLORE if has_free and drawn < share else Role.REFINE


def have_converged(elites: Sequence[Elite], box: Box) -> bool:
    """Say whether the elites have drawn together along every axis."""
    for axis, (low, high) in enumerate(zip(box.low, box.high, strict=True)):
        values = [elite.point[axis] for elite in elites]
        if max(values) - min(values) >= CONVERGED_SHARE * (high - low):
            return False
    return True
