"""What an optimizer sees, and what it proposes.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass
from enum import StrEnum

Point = tuple[float, ...]
CLOSE_SHARE = 0.02
"""Points no further apart than this part of the box, along every axis, are close."""


class Role(StrEnum):
    """What a turn is for."""

    EXPLORE = "explore"  #: A region that nobody searched.
    REFINE = "refine"  #: Between and around the elites.


@dataclass(frozen=True, slots=True)
class Elite:
    """A point that is among the best known, with the value that the worker computed there."""

    point: Point
    score: float


@dataclass(frozen=True, slots=True)
class Box:
    """The points of which each coordinate lies between two numbers."""

    low: Point
    high: Point

    def are_close(self, one: Point, other: Point) -> bool:
        """Say whether two points lie within a small part of the box from each other."""
        sides = zip(one, other, self.low, self.high, strict=True)
        return all(abs(a - b) < CLOSE_SHARE * (high - low) for a, b, low, high in sides)

    def region(self, cell: tuple[int, ...], cells_per_axis: int) -> "Box":
        """Return one cell of the grid that divides each axis into so many parts."""
        sides = list(zip(self.low, self.high, strict=True))
        widths = [(high - low) / cells_per_axis for low, high in sides]
        starts = [low + width * at for (low, _), width, at in zip(sides, widths, cell, strict=True)]
        ends = [start + width for start, width in zip(starts, widths, strict=True)]
        return Box(tuple(starts), tuple(ends))


@dataclass(frozen=True, slots=True)
class OptimizationView:
    """The shared state at one instant, and what this turn has been given."""

    box: Box
    evaluations_max: int
    """Calls of the function that this turn may make."""
    elites: tuple[Elite, ...]
    """The best points known, best first."""
    explored_count: int
    regions_count: int
    role: Role
    region: Box
    """Where to explore; the whole box where every region has been explored or claimed."""
    cell: tuple[int, ...] | None
    """The region's place in the grid; None for the whole box."""

    @property
    def best(self) -> Elite | None:
        """The best point known; None at the start."""
        return self.elites[0] if self.elites else None

    def as_prompt(self) -> str:
        """Return the view in words, for an agent with a language model."""
        elites = "\n".join(f"  f({list(each.point)}) = {each.score!r}" for each in self.elites)
        return (
            f"Find the point at which f is greatest. Each coordinate of a point lies between "
            f"{list(self.box.low)} and {list(self.box.high)}.\n"
            f"{self.explored_count} of {self.regions_count} regions have been explored. "
            f"The best points so far:\n{elites or '  none'}\n"
            f"Your task: {self.role} the region from {list(self.region.low)} to "
            f"{list(self.region.high)}.\n"
            f"Write Python that calls f(point) at most {self.evaluations_max} times and leaves in "
            "`answer` a list of [index, point, value]: the index of the point above that it "
            "improves on, or -1.\n"
        )


@dataclass(frozen=True, slots=True)
class SearchCode:
    """Python that searches: it calls `f` and leaves `[[index, point, value], …]` in `answer`."""

    text: str
