"""A wrong cell on purpose: the fault that an experiment provokes to see what becomes of it."""

import random

from swarm_workers.agents.sudoku.grid import Grid
from swarm_workers.problems.sudoku.solver import solutions


def wrong_cell(clues: str, grid: Grid, seed: int) -> tuple[int, int] | None:
    """Return an open cell and a digit that looks possible there and is wrong; None if none is left.

    Args:
        clues: a puzzle with one solution.
        grid: what is known of it.
        seed: decides which.
    """
    solution = next(solutions(clues))
    wrong = [
        (cell, digit)
        for cell, mask in enumerate(grid.masks)
        if mask.bit_count() > 1
        for digit in grid.digits(cell)
        if str(digit) != solution[cell]
    ]
    return random.Random(seed).choice(wrong) if wrong else None  # noqa: S311 - can be replayed
