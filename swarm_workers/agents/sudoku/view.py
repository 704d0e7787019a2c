"""What an agent sees of a Sudoku, and what it may answer. Also as text, for a model's prompt.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass

from swarm_workers.agents.sudoku.grid import Grid, cell_name
from swarm_workers.agents.sudoku.strategies.catalogue import RULES

Path = tuple[tuple[int, int], ...]
"""Guesses in force, as cell and digit, each resting on those before; empty without any."""


@dataclass(frozen=True, slots=True)
class SudokuView:
    """One open branch of the search, as one agent sees it."""

    path: Path
    """The guesses that the branch rests on."""
    grid: Grid
    """All that is known there, the guesses included."""
    dry: frozenset[str]
    """Rules that are known to conclude nothing from this very grid."""
    in_play: tuple[str, ...]
    """The strategies of all agents together."""
    own: tuple[str, ...]
    """The strategies of this agent."""
    index: int
    """Of this agent among its swarm's: where it begins in the round of its strategies."""
    draw: str = ""
    """What agents who share draw their guesses from: with the same grid they split the same cell,
    and each begins with another digit of it."""
    spare: tuple[tuple[Path, Grid], ...] = ()
    """Further branches to take up, in order, once this one is refuted."""
    steps_max: int = 1
    """How many strategies it may apply before it tells the others."""
    lie: tuple[int, int] | None = None
    """A wrong cell that this agent is told to write: a fault that an experiment provokes."""
    lies: int = 0
    """In so many of its first turns."""

    def as_prompt(self) -> str:
        """Return the view in words: the candidates of each cell, and what is asked."""
        rows = [
            " ".join("".join(map(str, self.grid.digits(9 * row + column))) for column in range(9))
            for row in range(9)
        ]
        guesses = ", ".join(f"{cell_name(cell)} = {digit}" for cell, digit in self.path)
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


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What was found out of one branch."""

    path: Path
    strategy: str
    """The rule; `several` if more than one; `search` if a guess was refuted."""
    facts: int
    """What is known beyond what was: see `Grid.known`."""


@dataclass(frozen=True, slots=True)
class Split:
    """A branch that goes on as one branch for each digit that its cell may have."""

    path: Path
    cell: int


@dataclass(frozen=True, slots=True)
class DryRules:
    """Rules that conclude nothing from a grid."""

    path: Path
    grid: Grid
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Thought:
    """What an agent has found out in one turn."""

    steps: int = 0
    """Strategies applied, guesses included."""
    conclusions: tuple[Conclusion, ...] = ()
    splits: tuple[Split, ...] = ()
    dry: DryRules | None = None
    """Of the branch that it ended in; None if that is over, or was split."""
    solution: Grid | None = None
    is_doomed: bool = False
    """True if the state contradicts itself without any guess."""


def is_quiescent(dry: frozenset[str] | set[str], in_play: tuple[str, ...]) -> bool:
    """Say whether no rule in play can move: then only a guess can."""
    return all(name in dry for name in in_play if name in RULES)
