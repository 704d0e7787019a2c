"""A wrong cell that an agent writes: found, laid at the right door, undone."""

import random

import pytest

from swarm_workers.agents.sudoku.strategies.catalogue import NAMED
from swarm_workers.problems.sudoku.audit import audit
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.solver import solutions
from tasks_schema.kinds import Mode, SwarmStatus
from tests.support.sudoku import Table, spec_of

PUZZLES = collection()


def played(name: str, *, lies: int = 1, seed: int = 0, **arguments) -> Table:
    table = Table(spec_of(PUZZLES[name].clues, lies=lies, seed=seed, **arguments))
    table.play()
    return table


def blamed(table: Table) -> set[str]:
    return {lie for each in table.told for lie in each["lies"]}


@pytest.mark.parametrize("name", ["named-1", "hidden-7", "advanced-3", "seventeen-3"])
def test_a_puzzle_is_solved_in_spite_of_a_lie(name):
    table = played(name)
    assert table.stm.atomically(table.shared.state.get).status is SwarmStatus.SUCCEEDED
    assert table.text == next(solutions(PUZZLES[name].clues))
    assert table.stm.atomically(table.state.solved) == PUZZLES[name].clues.count(".")


@pytest.mark.parametrize("seed", range(8))
def test_only_the_agent_that_lied_is_blamed(seed):
    table = played("advanced-3", lies=2, seed=seed)
    assert "0/0" in blamed(table) <= {"0/0", "0/1"}
    assert table.stm.atomically(table.state.epoch.get).expelled == (0,)


def test_a_lie_is_found_before_a_swarm_is_said_to_be_stuck():
    table = played("seventeen-3", strategies=NAMED)
    assert table.events()[-1] == "stuck"
    assert blamed(table) == {"0/0"}
    right = next(solutions(PUZZLES["seventeen-3"].clues))
    assert all(one in (".", other) for one, other in zip(table.text, right, strict=True))


def test_a_lie_inside_a_guess_is_found_by_what_it_makes_others_believe():
    """The liar lies in every turn, so most of its lies stand in forks, and refute what is right."""
    table = Table(spec_of(PUZZLES["guessed-5"].clues, lies=10_000))
    settle = None
    for number in range(20_000):
        turn, index = divmod(number, 4)
        in_fork = table.stm.atomically(table.state.splits(0).members)
        settle = table.look(index, turn) if index or in_fork else None
        if settle is not None and table.settle(settle).status.is_final:
            break
    assert table.text == next(solutions(PUZZLES["guessed-5"].clues))
    assert {lie.partition("/")[0] for lie in blamed(table)} <= {"0"}


def test_without_an_audit_a_lie_is_the_end_of_the_swarm():
    table = played("named-1", is_audited=False)
    state = table.stm.atomically(table.shared.state.get)
    assert state.status is SwarmStatus.FAILED
    assert state.reason == "the grid contradicts itself, and no move explains why"


def test_an_agent_that_is_alone_and_lies_ends_its_swarm():
    table = played("named-1", agents=1, mode=Mode.SINGLE)
    reason = table.stm.atomically(table.shared.state.get).reason
    assert reason == "stuck: every agent was proved to have written what is wrong"


@pytest.mark.parametrize("name", ["hidden-7", "guessed-5"])
def test_nobody_is_blamed_where_nobody_lied(name):
    table = Table(spec_of(PUZZLES[name].clues, agents=8))
    table.play_overlapping(random.Random(3))
    moves = table.stm.atomically(table.state.every_move, 0)
    found = audit(PUZZLES[name].clues, moves)
    assert found.lies == ()
    assert set(found.kept) == {move for move in moves if not move.path}
