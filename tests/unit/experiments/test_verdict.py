"""The verdict is a function of the runs: it holds where it should, and nowhere else."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from orchestrator.experiments.comparing import against_modes, against_sharing
from orchestrator.experiments.plan import Cell
from orchestrator.experiments.samples import Metric, Sample, by_cell, pairs_of, values_of
from orchestrator.experiments.verdict import TaskVerdict, judge
from tasks_schema.kinds import Mode, Sharing
from tests.support.experiment_runs import PARALLEL, SINGLE, SWARM, sample

SEEDS = range(1, 21)


def runs(cell: Cell, spread: float = 0.01, **figures: float | None) -> list[Sample]:
    """Return twenty runs whose quality varies a little with the seed."""
    quality = figures.pop("quality", 0.5) or 0.0
    return [sample(cell, seed, quality=quality + spread * (seed % 5), **figures) for seed in SEEDS]


def verdict(*samples: list[Sample]) -> TaskVerdict:
    [found] = judge(by_cell(chain(*samples)), np.random.default_rng(1))
    return found


def test_a_swarm_that_is_much_better_at_little_cost_is_worth_it() -> None:
    found = verdict(runs(SWARM, quality=0.8), runs(PARALLEL, quality=0.5))
    assert found.quality.held
    assert found.quality.factor.value == pytest.approx(1.58, abs=0.02)
    assert found.quality.test.effect == 1.0
    assert found.is_worth_it


def test_a_swarm_that_is_much_better_but_mostly_coordinates_is_not() -> None:
    found = verdict(runs(SWARM, quality=0.8, share=0.3), runs(PARALLEL, quality=0.5))
    assert found.quality.held
    assert not found.is_worth_it


def test_a_swarm_whose_coordination_is_unknown_is_not_cheap() -> None:
    better = [replace(each, overhead=None) for each in runs(SWARM, quality=0.8)]
    found = verdict(better, runs(PARALLEL, quality=0.5))
    assert found.overhead is None
    assert found.quality.held
    assert not found.is_worth_it


def test_nine_per_cent_are_not_ten() -> None:
    ours, theirs = runs(SWARM, spread=0, quality=0.545), runs(PARALLEL, spread=0, quality=0.5)
    assert not verdict(ours, theirs).quality.is_large


def test_a_large_difference_that_chance_explains_does_not_count() -> None:
    ours = [sample(SWARM, 1, quality=0.9), sample(SWARM, 2, quality=0.8)]
    theirs = [sample(PARALLEL, 1, quality=0.5), sample(PARALLEL, 2, quality=0.5)]
    found = verdict(ours, theirs)
    assert found.quality.is_large
    assert not found.quality.held


def test_a_swarm_that_solves_it_in_half_the_time_is_worth_it() -> None:
    found = verdict(runs(SWARM, solved_after=0.4), runs(PARALLEL, solved_after=0.8))
    assert found.seconds.factor.value == pytest.approx(0.5)
    assert found.seconds.held
    assert found.is_worth_it


def test_runs_that_give_up_early_are_not_quick() -> None:
    found = verdict(
        runs(SWARM, seconds=1.0, quality=0.5), runs(PARALLEL, solved_after=0.8, quality=0.5)
    )
    assert found.seconds.factor.value == 1.0
    assert not found.seconds.held


def test_a_swarm_that_is_quick_but_reaches_the_goal_less_often_is_not_quicker() -> None:
    most = runs(SWARM, solved_after=0.3)[:-3]
    found = verdict(most + runs(SWARM)[-3:], runs(PARALLEL, solved_after=0.9))
    assert found.seconds.factor.value < 0.5
    assert found.seconds.p_corrected < 0.05
    assert not found.seconds.held


def test_where_neither_is_solved_neither_is_first() -> None:
    pairs = pairs_of([sample(SWARM, 1, seconds=2.0)], [sample(PARALLEL, 1, seconds=9.0)])
    assert values_of(pairs, Metric.SECONDS) == ([9.0], [9.0])


def test_a_run_without_a_solution_has_cost_all_that_it_had() -> None:
    pairs = pairs_of([sample(SWARM, 1, solved_after=0.5)], [sample(PARALLEL, 1, evaluations=1000)])
    assert values_of(pairs, Metric.EVALUATIONS) == ([500.0], [1000.0])


@pytest.mark.parametrize("metric", [Metric.SECONDS, Metric.EVALUATIONS])
def test_a_run_that_gave_up_early_is_never_ahead_of_one_that_reached_the_goal(
    metric: Metric,
) -> None:
    gave_up = sample(SWARM, 1, seconds=4.0, evaluations=40)
    solved = sample(PARALLEL, 1, solved_after=0.5, seconds=10.0, evaluations=100)
    ours, theirs = values_of([(gave_up, solved)], metric)
    assert ours == theirs
    assert values_of([(solved, gave_up)], metric) == (theirs, ours)


def test_runs_are_compared_with_those_of_the_same_seed_only() -> None:
    ours = [sample(SWARM, seed) for seed in (1, 2, 4)]
    theirs = [sample(PARALLEL, seed) for seed in (2, 3, 4)]
    assert [(a.seed, b.seed) for a, b in pairs_of(ours, theirs)] == [(2, 2), (4, 4)]


def test_each_instance_weighs_the_same() -> None:
    other_swarm, other_parallel = (replace(each, instance="levy") for each in (SWARM, PARALLEL))
    found = verdict(
        runs(SWARM, solved_after=0.25, seconds=100.0),
        runs(PARALLEL, solved_after=0.5, seconds=100.0),
        runs(other_swarm, solved_after=0.5, seconds=0.1),
        runs(other_parallel, solved_after=0.25, seconds=0.1),
    )
    assert found.seconds.factor.value == pytest.approx(1.0)
    assert (found.seeds, found.instances, found.our_solved) == (20, 2, 40)


def test_a_seed_that_lacks_an_instance_is_left_out() -> None:
    other_swarm, other_parallel = (replace(each, instance="levy") for each in (SWARM, PARALLEL))
    found = verdict(runs(SWARM), runs(PARALLEL), runs(other_swarm)[:12], runs(other_parallel)[:12])
    assert (found.seeds, found.instances) == (12, 2)


def test_the_swarm_is_compared_with_both_other_modes_by_every_metric() -> None:
    cells = by_cell(runs(SWARM, quality=0.8) + runs(PARALLEL) + runs(SINGLE))
    found = against_modes(cells, np.random.default_rng(1))
    assert {(each.theirs.mode, each.metric) for each in found} == {
        (mode, metric) for mode in (Mode.PARALLEL, Mode.SINGLE) for metric in Metric
    }
    quality = [each for each in found if each.metric is Metric.QUALITY]
    assert all(each.test.p_value < each.p_corrected < 0.001 for each in quality)


def test_an_ablation_is_compared_with_sharing_all() -> None:
    alone = replace(SWARM, sharing=Sharing.NOTHING)
    cells = by_cell(runs(SWARM, quality=0.8) + runs(alone, quality=0.4))
    found = against_sharing(cells, np.random.default_rng(1))
    assert {each.theirs.sharing for each in found} == {Sharing.NOTHING}
    assert found[0].factor.value > 1.5
