"""How hard a puzzle is: which rules it takes.

Pure: no I/O, no clock, no chance.
"""

from enum import StrEnum

from swarm_workers.agents.sudoku.grid import Grid
from swarm_workers.agents.sudoku.strategies.catalogue import NAMED, RULES, closure


class Grade(StrEnum):
    """What a puzzle takes, from the least to the most."""

    NAMED = "named"  #: Rows, columns, boxes and naked pairs.
    HIDDEN = "hidden"  #: Hidden singles as well.
    ADVANCED = "advanced"  #: Hidden pairs, pointing pairs or an X-wing as well.
    GUESSED = "guessed"  #: A guess: the rules alone end stuck.


RULES_OF = {
    Grade.NAMED: NAMED,
    Grade.HIDDEN: (*NAMED, "hidden singles"),
    Grade.ADVANCED: tuple(RULES),
}
"""The rules that suffice for a puzzle of each grade but the last."""


def grade_of(clues: str) -> Grade:
    """Return the grade of a puzzle of 81 characters."""
    for grade, rules in RULES_OF.items():
        if closure(Grid.of_clues(clues), rules).is_solved:
            return grade
    return Grade.GUESSED
