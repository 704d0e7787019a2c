"""Each strategy concludes what its rule says, and never what is wrong."""

import random

import pytest

from swarm_workers.agents.sudoku.grid import Grid, named_facts, ruled_out
from swarm_workers.agents.sudoku.strategies.catalogue import NAMED, RULES, closure, conclusions
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.solver import solutions

EMPTY = "." * 81


def grid_where(masks: dict[int, str]) -> Grid:
    """Return a grid in which these cells have these digits left, and all others all."""
    known = 0
    for cell, digits in masks.items():
        kept = sum(1 << (int(digit) - 1) for digit in digits)
        known |= ruled_out(cell, 0b1_1111_1111 ^ kept)
    return Grid(known)


def concluded(name: str, masks: dict[int, str]) -> set[tuple[int, int]]:
    return set(named_facts(conclusions(name, grid_where(masks))))


@pytest.mark.parametrize(("name", "last"), [("row", 8), ("column", 72), ("box", 20)])
def test_a_solved_cell_takes_its_digit_from_its_unit(name, last):
    found = concluded(name, {0: "5"})
    assert len(found) == 8
    assert (last, 5) in found
    assert {digit for _, digit in found} == {5}


def test_a_naked_pair_takes_its_digits_from_the_rest_of_the_unit():
    found = concluded("naked pairs", {0: "12", 4: "12"})
    assert found == {(cell, digit) for cell in (1, 2, 3, 5, 6, 7, 8) for digit in (1, 2)}


def test_a_hidden_single_is_all_that_its_cell_can_be():
    masks = dict.fromkeys(range(1, 9), "12345678")
    assert concluded("hidden singles", masks) >= {(0, digit) for digit in range(1, 9)}


def test_a_hidden_pair_leaves_its_two_cells_nothing_else():
    masks = dict.fromkeys(range(2, 9), "1234567")
    found = concluded("hidden pairs", masks)
    assert found == {(cell, digit) for cell in (0, 1) for digit in range(1, 8)}


def test_a_digit_that_a_box_holds_on_one_line_is_nowhere_else_on_that_line():
    masks = dict.fromkeys((9, 10, 11, 18, 19, 20), "12345678")
    assert concluded("pointing pairs", masks) == {(cell, 9) for cell in range(3, 9)}


def test_a_digit_that_a_line_holds_in_one_box_is_nowhere_else_in_that_box():
    masks = dict.fromkeys(range(3, 9), "12345678")
    assert concluded("pointing pairs", masks) == {(c, 9) for c in (9, 10, 11, 18, 19, 20)}


def test_an_x_wing_takes_its_digit_from_the_rest_of_both_columns():
    rows = [
        cell for row in (0, 4) for cell in range(9 * row, 9 * row + 9) if cell % 9 not in (1, 7)
    ]
    found = concluded("x-wing", dict.fromkeys(rows, "12345678"))
    assert found == {(9 * row + at, 9) for row in range(9) if row not in (0, 4) for at in (1, 7)}


@pytest.mark.parametrize("name", RULES)
def test_no_rule_concludes_anything_from_nothing(name):
    assert conclusions(name, Grid.of_clues(EMPTY)) == 0


@pytest.mark.parametrize("name", RULES)
def test_no_rule_rules_out_a_digit_of_the_solution(name):
    chance = random.Random(name)
    for puzzle in chance.sample(list(collection().values()), 8):
        solution = next(solutions(puzzle.clues))
        grid = Grid.of_clues(puzzle.clues)
        for _ in range(30):
            wrong = [
                (c, d) for c, d in named_facts(conclusions(name, grid)) if solution[c] == str(d)
            ]
            assert not wrong, puzzle.name
            other = chance.choice(tuple(RULES))
            grid = grid.with_facts(conclusions(other, grid))


def test_what_two_agents_know_joins_in_any_order():
    start = Grid.of_clues(next(iter(collection().values())).clues)
    row, box = (conclusions(name, start) for name in ("row", "box"))
    assert start.with_facts(row).with_facts(box) == start.with_facts(box).with_facts(row)


def test_more_rules_never_solve_less():
    for puzzle in list(collection().values())[::10]:
        few = closure(Grid.of_clues(puzzle.clues), NAMED)
        many = closure(Grid.of_clues(puzzle.clues))
        assert few.known & ~many.known == 0


def test_two_equal_digits_in_a_row_are_a_contradiction():
    assert grid_where({0: "5", 8: "5"}).is_contradictory


def test_a_digit_without_a_place_is_a_contradiction():
    assert grid_where(dict.fromkeys(range(9), "12345678")).is_contradictory
