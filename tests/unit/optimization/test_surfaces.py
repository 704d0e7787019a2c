"""The surfaces are those of the literature, and their optima are where they are said to be."""

import itertools
import math
import random

import pytest

from swarm_workers.problems.optimization.surface import RIDGES_OPTIMUM, Surface, surface_of
from swarm_workers.sandbox.inside.surfaces import FORMS, ridges
from tasks_schema.kinds import SurfaceKind
from tasks_schema.messages.task import OptimizationTask

MOVABLE = [kind for kind in SurfaceKind if kind is not SurfaceKind.RIDGES]


def surface(kind: SurfaceKind, dimensions: int = 3, seed: int = 0) -> Surface:
    return surface_of(
        OptimizationTask(
            description="", iterations=1, surface=kind, dimensions=dimensions, shift_seed=seed
        )
    )


def climbed(point: list[float]) -> tuple[float, list[float]]:
    """Climb on `ridges` from a point, axis by axis, to the last digits."""
    value, step = ridges(point), 0.05
    while step > 1e-10:
        steps = [(axis, sign * step) for axis in range(3) for sign in (-1, 1)]
        for axis, by in steps:
            other = [*point]
            other[axis] = min(5.0, max(0.0, point[axis] + by))
            if ridges(other) > value:
                value, point = ridges(other), other
                break
        else:
            step /= 2
    return value, point


def test_dense_search_finds_no_greater_value_of_ridges_than_the_known_one():
    axis = [i / 8 for i in range(41)]
    starts = sorted(itertools.product(axis, axis, axis), key=ridges, reverse=True)[:60]
    found, at = max(climbed(list(start)) for start in starts)
    known = surface(SurfaceKind.RIDGES)
    assert math.isclose(found, known.greatest, abs_tol=1e-12)
    assert all(math.isclose(a, b, abs_tol=1e-5) for a, b in zip(at, RIDGES_OPTIMUM, strict=True))


def test_ridges_is_the_function_that_was_asked_for():
    x, y, z = 1.3, 2.9, 0.4
    bump = math.exp(-((x - 2) ** 2) - (y - 3) ** 2 - (z - 1) ** 2)
    assert math.isclose(ridges((x, y, z)), math.sin(x) * math.cos(y) * math.sin(z) + bump)


@pytest.mark.parametrize("kind", MOVABLE)
@pytest.mark.parametrize("dimensions", [2, 5])
def test_the_greatest_value_is_0_where_the_literature_has_it_and_nowhere_greater(kind, dimensions):
    known = surface(kind, dimensions)
    assert known.optimum == (FORMS[kind].optimum,) * dimensions
    assert math.isclose(known.greatest, 0.0, abs_tol=1e-9)
    chance = random.Random(1)
    for spread in (1.0, 0.1, 1e-3):
        for _ in range(300):
            near = [
                min(high, max(low, at + spread * chance.uniform(low, high)))
                for at, low, high in zip(known.optimum, known.box.low, known.box.high, strict=True)
            ]
            assert known.function(near) <= 1e-9


@pytest.mark.parametrize("kind", MOVABLE)
def test_a_seed_moves_the_optimum_within_the_box_and_keeps_its_value(kind):
    moved = [surface(kind, 3, seed) for seed in range(1, 9)]
    assert len({each.optimum for each in moved}) == 8
    for each in moved:
        assert math.isclose(each.greatest, 0.0, abs_tol=1e-6)
        for at, low, high in zip(each.optimum, each.box.low, each.box.high, strict=True):
            assert low < at < high
        assert each.function([each.box.high[0] + 1.0] * 3) == -math.inf


@pytest.mark.parametrize("kind", list(SurfaceKind))
def test_quality_is_0_at_the_mean_and_1_at_the_optimum(kind):
    known = surface(kind)
    assert known.quality(known.greatest) == 1.0
    assert known.quality(known.typical) == known.quality(known.typical - 1.0) == 0.0
    assert known.typical < known.goal(1e-3) < known.greatest
