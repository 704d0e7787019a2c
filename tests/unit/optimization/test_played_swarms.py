"""What a turn does to the shared state, and what sharing is worth, without any server."""

import pytest

from swarm_workers.agents.optimization.view import OptimizationView, Role
from swarm_workers.agents.optimization.writing import climbing, exploring
from swarm_workers.problems.optimization.surface import surface_of
from swarm_workers.sandbox.counted import CountedFunction
from tasks_schema.kinds import Mode, Sharing, SwarmStatus
from tests.unit.optimization.played import PlainRunner, PlayedSwarm

FIRST, SECOND = "optimizer-0000", "optimizer-0001"


def played(mode: Mode = Mode.SWARM, seed: int = 0, **task: object) -> PlayedSwarm:
    known = {"agents": 2, "iterations": 20, "tolerance": 1e-15}
    return PlayedSwarm(mode, seed, **(known | task))


def view_of(swarm: PlayedSwarm, agent: str = FIRST) -> OptimizationView:
    with swarm.problem(agent).look() as view:
        return view


def test_a_first_turn_explores_a_region_and_leaves_its_best_point():
    swarm = played()
    findings = swarm.turn(FIRST, 0)
    assert findings["role"] == Role.EXPLORE
    assert findings["improved"] is True
    view = view_of(swarm, SECOND)
    assert view.explored_count == 1
    assert list(view.best.point) == findings["point"]
    assert surface_of(swarm.spec.task).function(view.best.point) == findings["score"]


def test_two_agents_that_look_at_the_same_time_claim_different_regions():
    swarm = played()
    assert view_of(swarm, FIRST).cell != view_of(swarm, SECOND).cell


def test_an_agent_that_looks_again_has_one_claim_and_gives_it_back_when_its_turn_breaks_off():
    swarm = played()
    view_of(swarm)
    view_of(swarm)
    claims = swarm.problem(FIRST)._state.claims
    assert len(swarm.shared.stm.atomically(claims.items)) == 1
    swarm.problem(FIRST).give_back()
    assert swarm.shared.stm.atomically(claims.items) == {}


def test_a_turn_makes_no_more_evaluations_than_it_may():
    for evaluations_max in (1, 2, 7, 200):
        swarm = played(evaluations_max=evaluations_max)
        for number in range(8):
            swarm.turn(FIRST, number)
        assert swarm.evaluations == 8 * evaluations_max


@pytest.mark.parametrize("sharing", list(Sharing))
def test_an_agent_sees_what_the_task_shares(sharing):
    swarm = played(sharing=sharing)
    swarm.turn(FIRST, 0)
    view = view_of(swarm, SECOND)
    assert bool(view.elites) == sharing.has_results
    assert bool(view.explored_count) == sharing.has_tracks


def test_agents_of_mode_parallel_see_nothing_of_each_other():
    swarm = played(Mode.PARALLEL)
    swarm.turn(FIRST, 0)
    assert (view_of(swarm, SECOND).elites, view_of(swarm, SECOND).explored_count) == ((), 0)


def test_the_same_seed_plays_the_same():
    def findings() -> list[object]:
        swarm = played(Mode.SINGLE, agents=1)
        return [swarm.turn(FIRST, number) for number in range(12)]

    assert findings() == findings()


def test_a_swarm_that_reaches_the_goal_has_succeeded():
    swarm = played(Mode.SWARM, agents=4, tolerance=0.01)
    assert swarm.play()
    state = swarm.shared.stm.atomically(swarm.shared.state.get)
    assert state.status is SwarmStatus.SUCCEEDED
    assert "found a value of" in state.reason


def test_agents_that_share_their_elites_need_fewer_evaluations_than_agents_that_do_not():
    def spent(mode: Mode) -> int:
        swarms = [PlayedSwarm(mode, seed, agents=8, iterations=10) for seed in range(4)]
        assert [swarm.play() for swarm in swarms].count(False) <= 1
        return sum(swarm.evaluations for swarm in swarms)

    assert 2 * spent(Mode.SWARM) < spent(Mode.PARALLEL)


def test_a_climb_begins_at_the_best_point_that_is_known():
    swarm = played(elites_max=1)
    swarm.turn(FIRST, 0)
    view = view_of(swarm)
    code = climbing(view, seed=1, step=0.01).text
    task = swarm.spec.task
    function = CountedFunction(task.surface.value, surface_of(task).shift, 200)
    ((index, _, score),) = PlainRunner().run(code, function).answer
    assert index == 0
    assert score > view.best.score


def test_the_view_in_words_has_all_that_a_program_needs():
    swarm = played()
    swarm.turn(FIRST, 0)
    view = view_of(swarm)
    prompt = view.as_prompt()
    assert f"{view.best.score!r}" in prompt
    assert "1 of 125 regions have been explored" in prompt
    assert "at most 200 times" in prompt
    assert str(list(view.region.low)) in exploring(view, seed=1).text
