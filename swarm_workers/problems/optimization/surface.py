"""A surface as the worker knows it: the function, its box, its optimum, and how good a value is.

Pure: no I/O, no clock; chance is seeded by the surface's own name.
"""

import math
import random
import statistics
from dataclasses import dataclass
from functools import lru_cache

from swarm_workers.agents.optimization.view import Box, Point
from swarm_workers.sandbox.inside.surfaces import FORMS, Function, moved
from tasks_schema.kinds import SurfaceKind
from tasks_schema.messages.task import OptimizationTask

RIDGES_OPTIMUM = (4.709906954, 3.141462752, 1.570274021)
"""Where `ridges` is greatest, found by dense search; a test repeats it."""
SHIFT_SHARE_MAX = 0.15
"""How far the optimum is moved at most, as a part of the box."""
MARGIN_SHARE = 0.05
"""How near to the edge of the box it may come."""
SAMPLES = 2000
"""Random points whose mean value counts as no quality at all."""


@dataclass(frozen=True, slots=True)
class Surface:
    """One function on one box."""

    kind: SurfaceKind
    box: Box
    shift: Point
    function: Function
    optimum: Point
    greatest: float
    """The function's value at its optimum."""
    typical: float
    """Its mean over random points."""

    def quality(self, score: float) -> float:
        """Return how far a value is on the way from the mean (0) to the optimum (1)."""
        return max(0.0, (score - self.typical) / (self.greatest - self.typical))

    def goal(self, tolerance: float) -> float:
        """Return the value from which the problem counts as solved."""
        return self.greatest - tolerance * (self.greatest - self.typical)


def surface_of(task: OptimizationTask) -> Surface:
    """Return the surface that a task is about."""
    return _surface(task.surface, task.dimensions, task.shift_seed)


@lru_cache(maxsize=64)
def _surface(kind: SurfaceKind, dimensions: int, shift_seed: int) -> Surface:
    form = FORMS[kind]
    is_ridges = kind is SurfaceKind.RIDGES
    assert not is_ridges or dimensions == 3, f"ridges has 3 dimensions, not {dimensions}"
    published = RIDGES_OPTIMUM if is_ridges else (form.optimum,) * dimensions
    shift = _shift(kind, published, shift_seed)
    box = Box((form.low,) * dimensions, (form.high,) * dimensions)
    function = moved(form, shift)
    optimum = tuple(at + by for at, by in zip(published, shift, strict=True))
    typical = _typical(kind, function, box)
    return Surface(kind, box, shift, function, optimum, function(optimum), typical)


def _shift(kind: SurfaceKind, published: Point, shift_seed: int) -> Point:
    """Return how far the optimum is moved: not at all for seed 0, nor for `ridges`."""
    if not shift_seed or math.isnan(FORMS[kind].optimum):
        return (0.0,) * len(published)
    low, high = FORMS[kind].low, FORMS[kind].high
    reach, margin = SHIFT_SHARE_MAX * (high - low), MARGIN_SHARE * (high - low)
    chance = random.Random(f"{kind}/{len(published)}/{shift_seed}")  # noqa: S311 - can be replayed
    moved_to = [at + chance.uniform(-reach, reach) for at in published]
    kept = [min(high - margin, max(low + margin, at)) for at in moved_to]
    return tuple(to - at for to, at in zip(kept, published, strict=True))


def _typical(kind: SurfaceKind, function: Function, box: Box) -> float:
    chance = random.Random(f"{kind}/typical")  # noqa: S311 - can be replayed
    sides = list(zip(box.low, box.high, strict=True))
    return statistics.fmean(
        function([chance.uniform(low, high) for low, high in sides]) for _ in range(SAMPLES)
    )
