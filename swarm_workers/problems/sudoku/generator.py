"""Puzzles from a seed, of a grade that is asked for, each with one solution by proof.

The same seed and grade give the same puzzle everywhere.
"""

import random

from swarm_workers.agents.sudoku.grid import SINGLES, Grid
from swarm_workers.agents.sudoku.strategies.catalogue import closure
from swarm_workers.problems.sudoku.grading import RULES_OF, Grade, grade_of
from swarm_workers.problems.sudoku.solver import count_solutions, solutions

_TRIES_MAX = 10_000


def generate(grade: Grade, seed: int) -> str:
    """Return a puzzle of this grade. Blocks for about a second, at times for several.

    A full grid is drawn, and clues are taken away in an order that is drawn as well, for as long as
    the rules of the grade suffice; of the last grade, for as long as there is one solution.
    """
    chance = random.Random(f"{grade}/{seed}")  # noqa: S311 - chance that can be replayed
    for _ in range(_TRIES_MAX):
        clues = _emptied(_full(chance), grade, chance)
        if grade_of(clues) is grade and count_solutions(clues) == 1:
            return clues
    raise AssertionError(f"no puzzle of grade '{grade}' among {_TRIES_MAX}")


def _full(chance: random.Random) -> str:
    """Return a full grid: the first that fits, where digits are tried in an order that is drawn."""

    def order(mask: int) -> list[int]:
        bits = [bit for bit in SINGLES if mask & bit]
        chance.shuffle(bits)
        return bits

    return next(solutions("." * 81, order))


def _emptied(full: str, grade: Grade, chance: random.Random) -> str:
    clues, cells = list(full), list(range(81))
    chance.shuffle(cells)
    for cell in cells:
        digit, clues[cell] = clues[cell], "."
        if not _suffices("".join(clues), grade):
            clues[cell] = digit
    return "".join(clues)


def _suffices(clues: str, grade: Grade) -> bool:
    if grade in RULES_OF:
        return closure(Grid.of_clues(clues), RULES_OF[grade]).is_solved
    return count_solutions(clues) == 1
