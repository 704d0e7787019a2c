"""A puzzle from text as people write it, refused if it is not one with one solution.

Pure: no I/O, no clock, no chance.
"""

from itertools import islice

from swarm_workers.agents.sudoku.grid import CELLS, PEERS
from swarm_workers.problems.sudoku.errors import (
    AmbiguousPuzzleError,
    ClueConflictError,
    NoSolutionError,
    PuzzleShapeError,
)
from swarm_workers.problems.sudoku.solver import solutions

_DRAWING = frozenset("|-+=_ \t\r\n")
"""Lines between boxes, and blanks."""
_EMPTY = frozenset(".0")


def read_puzzle(text: str) -> str:
    """Return a puzzle as 81 characters, `.` for an empty cell.

    Args:
        text: digits, and `.` or `0` for empty cells, on one line or many; what draws boxes, such
            as `|`, `-`, `+` and blanks, is passed over.

    Raises:
        PuzzleShapeError: it is not 81 cells.
        ClueConflictError: two clues contradict each other.
        NoSolutionError: nothing fits.
        AmbiguousPuzzleError: more than one grid fits.
    """
    chars = [char for char in text if char not in _DRAWING]
    stray = "".join(sorted({char for char in chars if char not in "0123456789."}))
    if stray or len(chars) != len(CELLS):
        raise PuzzleShapeError(len(chars) - sum(char in stray for char in chars), stray)
    clues = "".join("." if char in _EMPTY else char for char in chars)
    _check_clues(clues)
    found = list(islice(solutions(clues), 2))
    if not found:
        raise NoSolutionError
    if len(found) > 1:
        cell = next(cell for cell in CELLS if found[0][cell] != found[1][cell])
        raise AmbiguousPuzzleError(cell, (int(found[0][cell]), int(found[1][cell])))
    return clues


def _check_clues(clues: str) -> None:
    for cell in CELLS:
        for other in PEERS[cell]:
            if clues[cell] != "." and clues[cell] == clues[other]:
                raise ClueConflictError(int(clues[cell]), (cell, other))
