"""What an agent sees of a Sudoku, and what it may propose. Also as text, for a model's prompt.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass

from swarm_workers.agents.sudoku.grid import Grid, cell_name
from swarm_workers.agents.sudoku.strategies.catalogue import RULES


@dataclass(frozen=True, slots=True)
class Step:
    """One application of one strategy: what an agent proposes in a turn."""

    strategy: str
    """One of `STRATEGIES`."""
    facts: int = 0
    """What it concludes beyond what is known; 0 if there is nothing to conclude."""
    guess: tuple[int, int] | None = None
    """Of a search: the cell and the digit to try in a fork of the state."""


@dataclass(frozen=True, slots=True)
class SudokuView:
    """The newest fork of the shared grid, as one agent sees it."""

    grid: Grid
    """All that is known there, the guesses included."""
    guesses: tuple[tuple[int, int], ...]
    """The guesses that it rests on, as cell and digit; empty if it rests on the clues alone."""
    dry: frozenset[str]
    """Rules that are known to conclude nothing from this very grid."""
    in_play: tuple[str, ...]
    """The strategies of all agents together."""
    own: tuple[str, ...]
    """The strategies of this agent."""
    index: int
    """Of this agent among its swarm's: where it begins in the round of its strategies."""
    lie: tuple[int, int] | None = None
    """A wrong cell that this agent is told to write: a fault that an experiment provokes."""
    lies: int = 0
    """In so many of its first turns."""

    @property
    def is_over(self) -> bool:
        """Say whether there is nothing to propose: it is solved, or cannot be."""
        return self.grid.is_contradictory or self.grid.is_solved

    @property
    def is_quiescent(self) -> bool:
        """Say whether no rule in play can move: then only a guess can."""
        return all(name in self.dry for name in self.in_play if name in RULES)

    def as_prompt(self) -> str:
        """Return the view in words: the rules, the candidates of each cell, and what is asked."""
        rows = [
            " ".join("".join(map(str, self.grid.digits(9 * row + column))) for column in range(9))
            for row in range(9)
        ]
        guesses = ", ".join(f"{cell_name(cell)} = {digit}" for cell, digit in self.guesses)
        return "\n".join(
            [
                "Fill in a Sudoku: each row, column and box holds each digit from 1 to 9 once.",
                "The digits that are left for each cell, row by row:",
                *rows,
                f"This rests on the guesses {guesses}." if guesses else "Nothing of it is a guess.",
                f"Nothing follows any more by: {', '.join(sorted(self.dry)) or 'no rule yet'}.",
                "Answer with lines such as `r1c2 != 3` for digits that you can rule out.",
            ]
        )


def fewest_candidates(grid: Grid) -> tuple[int, ...]:
    """Return the unsolved cells that have the fewest digits left, in order."""
    left = [(mask.bit_count(), cell) for cell, mask in enumerate(grid.masks)]
    fewest = min((count for count, _ in left if count > 1), default=0)
    return tuple(cell for count, cell in left if count == fewest)


def drawn(text: str) -> str:
    """Return 81 characters as a grid with boxes, for people."""
    lines = [
        "|".join(text[9 * row + at : 9 * row + at + 3] for at in (0, 3, 6)) for row in range(9)
    ]
    return "\n".join([*lines[:3], "---+---+---", *lines[3:6], "---+---+---", *lines[6:]])
