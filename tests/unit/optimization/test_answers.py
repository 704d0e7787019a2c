"""A claim counts if the function says so; one lie refuses the whole answer."""

import pytest

from swarm_workers.agents.optimization.view import Elite
from swarm_workers.problems.optimization.answers import judge
from swarm_workers.problems.optimization.state import Improvement, joined
from swarm_workers.problems.optimization.surface import surface_of
from tasks_schema.kinds import SurfaceKind
from tasks_schema.messages.task import OptimizationTask

SURFACE = surface_of(
    OptimizationTask(description="", iterations=1, surface=SurfaceKind.ACKLEY, dimensions=2)
)

BOX = SURFACE.box


def elite(*point: float) -> Elite:
    return Elite(point, SURFACE.function(point))


KNOWN = (elite(1.0, 1.0), elite(5.0, 5.0))


def claim(index: int, found: Elite) -> list:
    return [index, list(found.point), found.score]


def test_a_true_claim_improves_on_its_parent():
    better = elite(0.1, 0.1)
    judged = judge([claim(0, better)], KNOWN, SURFACE)
    assert judged.improvements == (Improvement(KNOWN[0], better),)
    assert judged.best == better


def test_a_claim_that_is_no_better_than_its_parent_is_left_out():
    judged = judge([claim(0, elite(9.0, 9.0))], KNOWN, SURFACE)
    assert (judged.improvements, judged.refused) == ((), "")


def test_a_lie_refuses_the_whole_answer():
    lie = Elite((9.0, 9.0), 0.0)
    judged = judge([claim(0, elite(0.1, 0.1)), claim(1, lie)], KNOWN, SURFACE)
    assert judged.improvements == ()
    assert judged.refused.startswith("it claims 0.0 where the function is -")


def test_a_point_outside_of_the_box_has_no_value_that_could_be_claimed():
    assert judge([[-1, [99.0, 0.0], 0.0]], KNOWN, SURFACE).refused.endswith("is -inf")


@pytest.mark.parametrize(
    "answer",
    [None, [], "x", [1], [[0, [1.0], 1.0]], [[0, ["a", 1.0], 1.0]], [[0, [1.0, 1.0]]],
     [["0", [1.0, 1.0], 1.0]], {"a": 1}, [[0, [1.0, 1.0], "1"]], [claim(0, KNOWN[0])] * 65],
)  # fmt: skip
def test_what_is_no_list_of_claims_is_refused(answer):
    judged = judge(answer, KNOWN, SURFACE)
    assert judged.improvements == ()
    assert judged.refused


def test_nan_is_no_value():
    assert judge([[-1, [0.0, 0.0], float("nan")]], KNOWN, SURFACE).refused


def test_an_improvement_takes_the_place_of_its_parent():
    better = elite(0.1, 0.1)
    assert joined(KNOWN, [Improvement(KNOWN[1], better)], 16, BOX) == (better, KNOWN[0])


def test_an_improvement_whose_parent_is_gone_joins_as_a_new_one_and_the_best_are_kept():
    gone, better = elite(7.0, 7.0), elite(-3.0, -3.0)
    assert joined(KNOWN, [Improvement(gone, better)], 2, BOX) == (KNOWN[0], better)


def test_joining_twice_changes_nothing():
    once = joined(KNOWN, [Improvement(None, elite(0.1, 0.1))], 16, BOX)
    assert joined(once, [Improvement(None, elite(0.1, 0.1))], 16, BOX) == once
