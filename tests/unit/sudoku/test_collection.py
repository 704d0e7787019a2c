"""The two hundred puzzles: each has one solution, the grade that it says, and the source."""

import pytest

from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.generator import generate
from swarm_workers.problems.sudoku.grading import Grade, grade_of
from swarm_workers.problems.sudoku.solver import count_solutions

PUZZLES = collection()
GENERATED = [name for name in PUZZLES if name.rpartition("-")[0] in set(Grade)]


def test_there_are_two_hundred_of_every_grade_and_thirty_with_seventeen_clues():
    assert len(PUZZLES) == 200
    assert {each.grade for each in PUZZLES.values()} == set(Grade)
    seventeen = [each for name, each in PUZZLES.items() if name.startswith("seventeen-")]
    assert [81 - each.clues.count(".") for each in seventeen] == [17] * 30


def test_no_puzzle_is_there_twice():
    assert len({each.clues for each in PUZZLES.values()}) == 200


def test_each_puzzle_has_one_solution():
    assert all(count_solutions(each.clues) == 1 for each in PUZZLES.values())


def test_each_puzzle_has_the_grade_that_it_says():
    assert all(grade_of(each.clues) is each.grade for each in PUZZLES.values())


@pytest.mark.parametrize("name", ["named-3", "hidden-5", "guessed-2"])
def test_a_generated_puzzle_comes_again_from_its_seed(name):
    grade, _, seed = name.rpartition("-")
    assert generate(Grade(grade), int(seed)) == PUZZLES[name].clues


@pytest.mark.soak
@pytest.mark.parametrize("name", GENERATED)
def test_every_generated_puzzle_comes_again_from_its_seed(name):
    grade, _, seed = name.rpartition("-")
    assert generate(Grade(grade), int(seed)) == PUZZLES[name].clues
