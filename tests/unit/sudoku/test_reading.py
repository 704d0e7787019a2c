"""What a person writes as a puzzle: read as it is meant, or refused with the reason."""

import pytest

from swarm_workers.problems.sudoku.errors import (
    AmbiguousPuzzleError,
    ClueConflictError,
    NoSolutionError,
    PuzzleShapeError,
)
from swarm_workers.problems.sudoku.reading import read_puzzle

CLUES = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
DRAWN = """
5 3 . | . 7 . | . . .
6 . . | 1 9 5 | . . .
. 9 8 | . . . | . 6 .
------+-------+------
8 . . | . 6 . | . . 3
4 . . | 8 . 3 | . . 1
7 . . | . 2 . | . . 6
------+-------+------
. 6 . | . . . | 2 8 .
. . . | 4 1 9 | . . 5
. . . | . 8 . | . 7 9
"""


@pytest.mark.parametrize(
    "text",
    [CLUES, CLUES.replace(".", "0"), DRAWN, "\r\n".join(CLUES[i : i + 9] for i in range(0, 81, 9))],
)
def test_a_puzzle_is_read_however_it_is_drawn(text):
    assert read_puzzle(text) == CLUES


def test_a_text_of_another_length_is_refused_with_the_number_of_its_cells():
    with pytest.raises(PuzzleShapeError, match="81 cells, and this text has 80") as caught:
        read_puzzle(CLUES[:-1])
    assert caught.value.count == 80


def test_a_character_that_is_no_cell_is_named():
    with pytest.raises(PuzzleShapeError, match="'X' stands for no cell"):
        read_puzzle("X" + CLUES[1:])


def test_two_clues_that_contradict_each_other_are_named():
    with pytest.raises(ClueConflictError, match="the clue 5 stands in r1c1 and in r1c3") as caught:
        read_puzzle("535" + CLUES[3:])
    assert caught.value.cells == (0, 2)


def test_a_puzzle_that_nothing_fits_is_refused():
    with pytest.raises(NoSolutionError, match="no grid fits"):
        read_puzzle("12345678." + "........9" + "." * 63)


def test_a_puzzle_that_more_than_one_grid_fits_names_a_cell_that_is_open():
    with pytest.raises(AmbiguousPuzzleError, match="more than one grid fits") as caught:
        read_puzzle("." + CLUES[1:30] + "." * 51)
    assert caught.value.digits[0] != caught.value.digits[1]
