"""Swarms on puzzles, on a space in memory: solved, or stuck and said to be so; never hung."""

import random
from itertools import islice

import pytest

from swarm_workers.agents.sudoku.grid import Grid
from swarm_workers.agents.sudoku.strategies.catalogue import NAMED, RULES, closure
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.grading import Grade
from swarm_workers.problems.sudoku.solver import solutions
from swarm_workers.problems.sudoku.tree import Tree
from tasks_schema.kinds import Mode, Sharing, SwarmStatus
from tests.support.sudoku import Table, spec_of

PUZZLES = collection()
SAMPLE = ("named-1", "hidden-7", "advanced-3", "guessed-5", "seventeen-3", "ai-escargot")
EVENTS_OF_STUCK = ("moved", "dry", "stuck")


def solved(puzzle: str, **arguments) -> Table:
    table = Table(spec_of(puzzle, **arguments))
    assert table.play().status is SwarmStatus.SUCCEEDED
    return table


@pytest.mark.parametrize("name", SAMPLE)
def test_a_swarm_with_all_strategies_solves_a_puzzle(name):
    clues = PUZZLES[name].clues
    table = solved(clues)
    assert table.text == next(solutions(clues))
    assert table.stm.atomically(table.state.solved) == clues.count(".")


def test_an_agent_that_claims_a_branch_folds_what_is_known_once(monkeypatch):
    table = Table(spec_of(PUZZLES["inkala-2012"].clues, agents=2, steps_max=64))
    table.settle(table.look(0, 0))
    folded, folds = Tree.folded, []
    monkeypatch.setattr(Tree, "folded", lambda *told: folds.append(told) or folded(*told))
    table.look(1, 0)
    assert table.stm.atomically(table.state.claims.members)
    assert len(folds) == 1


@pytest.mark.soak
@pytest.mark.parametrize("name", PUZZLES)
def test_a_swarm_with_all_strategies_solves_every_puzzle(name):
    clues = PUZZLES[name].clues
    # One strategy a turn would take the hardest ten thousand turns.
    steps_max = 64 if PUZZLES[name].grade is Grade.GUESSED else 1
    assert solved(clues, steps_max=steps_max).text == next(solutions(clues))


def stuck(puzzle: str, **arguments) -> Table:
    """Return a swarm that knows the four named rules alone, after it ended without a solution."""
    table = Table(spec_of(puzzle, strategies=NAMED, **arguments))
    state = table.play()
    assert (state.status, state.reason[:6]) == (SwarmStatus.EXHAUSTED, "stuck:")
    return table


@pytest.mark.parametrize("name", ["hidden-7", "seventeen-3", "ai-escargot"])
def test_four_rules_alone_end_stuck_with_the_cells_that_they_have(name):
    clues = PUZZLES[name].clues
    table = stuck(clues)
    assert table.text == closure(Grid.of_clues(clues), NAMED).text()
    assert (
        f"{81 - table.text.count('.')} of 81" in table.stm.atomically(table.shared.state.get).reason
    )


def test_a_swarm_is_stuck_as_soon_as_each_rule_was_found_dry_after_the_last_move():
    events = stuck(PUZZLES["seventeen-3"].clues).events()
    last = max(number for number, event in enumerate(events) if event == "moved")
    assert events[last + 1 :] == ["dry"] * (len(NAMED) - 1) + ["stuck"]


@pytest.mark.soak
@pytest.mark.parametrize("name", PUZZLES)
def test_four_rules_alone_solve_a_puzzle_or_end_stuck(name):
    if PUZZLES[name].grade is Grade.NAMED:
        table = Table(spec_of(PUZZLES[name].clues, strategies=NAMED))
        assert table.play().status is SwarmStatus.SUCCEEDED
    else:
        stuck(PUZZLES[name].clues)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", ["hidden-7", "guessed-5"])
def test_every_mode_solves_a_puzzle_given_turns_enough(mode, name):
    agents = 1 if mode is Mode.SINGLE else 4
    assert "solved" in solved(PUZZLES[name].clues, mode=mode, agents=agents).events()


@pytest.mark.parametrize("sharing", Sharing)
def test_a_puzzle_is_solved_whatever_is_shared(sharing):
    assert "solved" in solved(PUZZLES["advanced-3"].clues, sharing=sharing).events()


@pytest.mark.parametrize("sharing", Sharing)
def test_agents_that_share_little_end_stuck_when_none_of_them_moves(sharing):
    stuck(PUZZLES["hidden-7"].clues, sharing=sharing)


def test_specialists_solve_together_what_none_of_them_could_alone():
    clues = PUZZLES["advanced-3"].clues
    solved(clues, agents=len(RULES), is_specialized=True)
    alone = Table(spec_of(clues, agents=len(RULES), is_specialized=True, mode=Mode.PARALLEL))
    assert alone.play().reason.startswith("stuck")


def test_the_same_seed_gives_one_agent_the_same_turns():
    clues = PUZZLES["guessed-5"].clues
    one, again = (solved(clues, agents=1, mode=Mode.SINGLE, seed=7) for _ in range(2))
    assert one.told == again.told


def some_run(seed: int) -> None:
    """Play one run whose puzzle, agents and overlaps come from a seed, and look at its end."""
    chance = random.Random(seed)
    puzzle = chance.choice(list(PUZZLES.values()))
    agents, rules = chance.choice([2, 4, 8]), chance.choice([NAMED, tuple(RULES)])
    is_guessing, is_hard = chance.random() < 0.5, puzzle.grade is Grade.GUESSED
    spec = spec_of(
        puzzle.clues,
        agents=agents,
        seed=seed,
        strategies=() if is_guessing else rules,
        sharing=chance.choice(list(Sharing)),
        steps_max=64 if is_guessing and is_hard else chance.choice([1, 16, 64]),
    )
    table = Table(spec)
    state = table.play_overlapping(chance)
    if state.status is SwarmStatus.SUCCEEDED:
        assert table.told[-1]["grid"] == next(islice(solutions(puzzle.clues), 1))
    else:
        assert state.reason.startswith("stuck"), (seed, puzzle.name, state)


@pytest.mark.parametrize("seed", range(20))
def test_a_run_whose_turns_overlap_and_whose_workers_die_ends(seed):
    some_run(seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000))
def test_none_of_a_thousand_runs_hangs(seed):
    some_run(seed)
