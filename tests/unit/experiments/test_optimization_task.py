"""What a run on a surface amounts to, computed from its rows alone."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.optimization import (
    TASK,
    Instance,
    cells_per_axis,
    instance_named,
)
from orchestrator.experiments.tasks.protocol import AttemptRow
from swarm_workers.problems.optimization.surface import surface_of
from tasks_schema.kinds import AttemptStatus, Mode, SurfaceKind
from tasks_schema.messages.swarm import SwarmSpec

CELL = Cell("optimization", "rastrigin-3", Mode.SWARM, Size(8, 16), "both")
BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def attempt(turn: int, **findings: object) -> AttemptRow:
    return AttemptRow(
        agent="optimizer-0000", turn=turn, status=AttemptStatus.FINISHED,
        started_at=BEGAN + timedelta(seconds=turn), seconds=0.5, findings=findings,
        evaluations=100, cpu_seconds=0.01, tokens=None, dollars=None,
    )  # fmt: skip


def spec_of(instance: str = "rastrigin-3", seed: int = 1) -> SwarmSpec:
    task = TASK.spec(instance, seed, CELL)
    return SwarmSpec(swarm_id="s-1", task=task, agents=8)


def test_a_run_is_as_good_as_the_best_value_and_solved_where_it_reaches_the_goal():
    spec = spec_of()
    surface = surface_of(spec.task)
    half = (surface.typical + surface.greatest) / 2
    rows = [
        attempt(0, role="explore", region="0-0-1", score=surface.typical - 5),
        attempt(1, role="explore", region="0-0-2", score=half),
        attempt(2, role="explore", region="0-0-1"),
        attempt(3, role="refine", region="", score=surface.greatest - 1e-6),
    ]
    measures = TASK.measure(spec, rows)
    assert [(p.evaluations, p.seconds) for p in measures.curve] == [(200, 1.5), (400, 3.5)]
    assert math.isclose(measures.curve[0].quality, 0.5)
    assert measures.is_solved
    assert (measures.evaluations_to_solution, measures.seconds_to_solution) == (400, 3.5)
    assert math.isclose(measures.redundant, 1 / 3)
    assert sorted(measures.detail["explored"]) == [[0, 0, 1, 2], [0, 0, 2, 1]]


def test_a_turn_that_was_under_way_when_the_goal_was_reached_does_not_put_the_solution_off():
    spec = spec_of()
    greatest = surface_of(spec.task).greatest
    rows = [
        attempt(0, role="explore", region="0-0-1", score=greatest - 1e-6),
        attempt(1, role="refine", region="", score=greatest - 1e-9),
    ]
    measures = TASK.measure(spec, rows)
    assert len(measures.curve) == 2
    assert measures.quality == measures.curve[1].quality > measures.curve[0].quality
    assert (measures.evaluations_to_solution, measures.seconds_to_solution) == (100, 0.5)


def test_a_run_without_any_attempt_has_no_quality():
    measures = TASK.measure(spec_of(), [])
    assert (measures.quality, measures.is_solved, measures.redundant) == (0.0, False, 0.0)


def test_all_modes_get_the_surface_that_the_seed_moved():
    assert spec_of(seed=1).task == spec_of(seed=1).task
    assert surface_of(spec_of(seed=1).task).optimum != surface_of(spec_of(seed=2).task).optimum


@pytest.mark.parametrize("quick", [True, False])
def test_every_instance_has_a_surface(quick):
    for instance in TASK.instances(quick=quick):
        named = instance_named(instance)
        task = spec_of(instance).task
        assert (task.tolerance, task.elites_max) == (named.tolerance, named.elites_max)
        assert cells_per_axis(named.dimensions) ** named.dimensions <= 256
        assert surface_of(task).kind is named.surface


@pytest.mark.parametrize(
    "instance",
    [
        "hills-3",
        "ridges-4",
        "ackley-99",
        "ackley",
        "",
        "ackley-3@x",
        "ackley-3@0.0",
        "ackley-3~0",
        "ackley-3~17",
    ],
)
def test_a_surface_that_is_not_there_is_refused_in_a_sentence(instance):
    with pytest.raises(UsageError, match=r"there is no surface|dimensions|tolerance|elites"):
        TASK.spec(instance, 0, CELL)


def test_ridges_has_the_unit_cells_that_were_asked_for():
    assert instance_named("ridges-3") == Instance(SurfaceKind.RIDGES, 3, 1e-3, 16)
    assert instance_named("ridges-3@1e-4~1") == Instance(SurfaceKind.RIDGES, 3, 1e-4, 1)
    assert cells_per_axis(3) == 5
