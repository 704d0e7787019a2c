"""One turn of thinking: rules, guesses, refutations, and where it stops."""

from dataclasses import replace

from swarm_workers.agents.sudoku.grid import Grid, placed, ruled_out
from swarm_workers.agents.sudoku.strategies.catalogue import NAMED, RULES, STRATEGIES, closure
from swarm_workers.agents.sudoku.thinking import Thinking
from swarm_workers.agents.sudoku.view import Path, SudokuView, Thought
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.solver import solutions

EASY = Grid.of_clues(collection()["named-1"].clues)
HARD = closure(Grid.of_clues(collection()["guessed-5"].clues))
RIGHT = next(solutions(collection()["guessed-5"].clues))


def view(grid: Grid, *, path: Path = (), own=STRATEGIES, steps_max: int = 1, **more) -> SudokuView:
    return SudokuView(
        path, grid, more.pop("dry", frozenset()), own, own, 0, steps_max=steps_max, **more
    )


def thought(seen: SudokuView, seed: int = 0) -> Thought:
    return Thinking(replace(seen, draw=str(seed)), 0).think()


def test_one_step_applies_one_rule():
    found = thought(view(EASY))
    assert found.steps == 1
    assert [each.strategy for each in found.conclusions] == ["row"]


def test_no_turn_takes_more_steps_than_it_may():
    assert thought(view(EASY, steps_max=7)).steps == 7


def test_a_puzzle_that_the_rules_solve_is_solved_in_one_long_turn():
    found = thought(view(EASY, steps_max=200))
    assert found.solution is not None
    assert found.solution.text() == next(solutions(collection()["named-1"].clues))


def test_rules_that_are_known_to_be_dry_are_passed_over():
    found = thought(view(EASY, dry=frozenset({"row", "column"})))
    assert [each.strategy for each in found.conclusions] == ["box"]


def test_a_rule_that_concludes_nothing_is_said_to_be_dry_of_that_grid():
    found = thought(view(HARD, own=("x-wing",)))
    assert found.dry is not None
    assert (found.dry.grid, found.dry.names) == (HARD, {"x-wing"})


def test_nobody_guesses_while_a_rule_in_play_may_move():
    found = thought(view(HARD, dry=frozenset(RULES) - {"row"}))
    assert not found.splits


def test_where_every_rule_is_dry_a_branch_is_split_on_a_cell_with_the_fewest_digits():
    (split,) = thought(view(HARD, dry=frozenset(RULES))).splits
    fewest = min(mask.bit_count() for mask in HARD.masks if mask.bit_count() > 1)
    assert len(HARD.digits(split.cell)) == fewest


def test_agents_that_may_not_guess_stop_where_their_rules_do():
    found = thought(view(EASY, own=("x-wing",), steps_max=50))
    assert (found.steps, found.splits) == (1, ())


def test_a_guess_that_contradicts_itself_is_told_to_the_branch_before():
    cell = next(at for at in range(81) if len(HARD.digits(at)) == 2)
    wrong = next(digit for digit in HARD.digits(cell) if str(digit) != RIGHT[cell])
    path = ((cell, wrong),)
    seen = view(HARD.with_facts(placed(cell, wrong)), path=path, steps_max=2000)
    (told,) = thought(seen).conclusions
    assert (told.path, told.strategy) == ((), "search")
    assert told.facts == ruled_out(cell, 1 << (wrong - 1))


def test_a_contradiction_without_a_guess_is_doom():
    both = Grid(placed(0, 5) | placed(8, 5))
    assert thought(view(both)).is_doomed


def test_after_its_branch_is_refuted_an_agent_takes_up_another():
    dead = Grid(placed(0, 5) | placed(8, 5))
    seen = view(dead, path=((0, 5),), spare=((((0, 6),), EASY),), steps_max=300)
    found = thought(seen)
    assert found.solution is not None
    assert found.conclusions[0].strategy == "search"


def test_the_same_chance_gives_the_same_thought():
    seen = view(HARD, steps_max=100)
    assert thought(seen, 3) == thought(seen, 3)


def test_a_thought_never_rules_out_the_solution():
    for seed in range(20):
        found = thought(view(HARD, steps_max=80), seed)
        for told in found.conclusions:
            if all(RIGHT[cell] == str(digit) for cell, digit in told.path):
                right = (placed(cell, int(char)) for cell, char in enumerate(RIGHT))
                assert Grid.joined(right).with_facts(told.facts).text() == RIGHT


def test_the_prompt_has_every_candidate_and_what_it_rests_on():
    text = view(EASY, path=((0, 7),), own=NAMED, dry=frozenset({"row"})).as_prompt()
    assert "guesses r1c1 = 7" in text
    assert "by: row" in text
    assert len([line for line in text.splitlines() if len(line.split()) == 9]) >= 9
