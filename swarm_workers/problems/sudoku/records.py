"""What agents tell each other of a Sudoku: moves, dry rules, forks.

A state is a grow-only set of moves: adding one commutes with adding another, whoever adds it twice
changes nothing, and no agent ever overwrites what another has found. A *layer* is such a set; the
first one rests on the clues, each further one on a guess.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One step that concluded something, with all that is needed to check it again."""

    by: int
    """Index of the agent."""
    turn: int
    strategy: str
    facts: str
    """What was concluded, in hexadecimal: see `Grid.known`."""
    cells: tuple[int, ...] = ()
    """Cells that were found to be solved by then, and that no move before had named."""
    seen: tuple[int, ...] = ()
    """Version vector: for each agent the last turn whose moves were known to this one, or -1."""
    generation: int = 0
    """Of the state that it was concluded from: how many facts it had."""
    refuted: int = 0
    """Of a guess that was wrong: the layer that led to the contradiction; 0 for other moves."""

    def has_seen(self, other: "Move") -> bool:
        """Say whether the other move was known when this one was concluded."""
        return other.by < len(self.seen) and other.turn <= self.seen[other.by]

    @property
    def known(self) -> int:
        """Its facts as bits."""
        return int(self.facts, 16)


@dataclass(frozen=True, slots=True)
class Dry:
    """A rule concluded nothing from a state."""

    strategy: str
    generation: int
    """Of that state: how many facts it had. A state with one more is not known to be dry."""


@dataclass(frozen=True, slots=True)
class Fork:
    """A guess, and the layer that rests on it."""

    layer: int
    cell: int
    digit: int
    by: int
    turn: int


@dataclass(frozen=True, slots=True)
class Trail:
    """The layers that make up the present state, the oldest first."""

    root: int = 0
    """The layer that rests on the clues alone. Another one after a lie was undone."""
    opened: int = 0
    """The highest number that was given to a layer."""
    forks: tuple[Fork, ...] = ()
    """The guesses in force, each resting on those before."""
    expelled: tuple[int, ...] = ()
    """Agents that were proved to have written what does not follow: they have no more say."""

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers of the present state."""
        return (self.root, *(fork.layer for fork in self.forks))


@dataclass(frozen=True, slots=True)
class Filled:
    """A digit in the shared grid, and who put it there."""

    digit: int
    by: int
    turn: int
    strategy: str


def version_vector(moves: Iterable[Move]) -> tuple[int, ...]:
    """Return for each agent the last turn among these moves; -1 for those with none."""
    latest: dict[int, int] = {}
    for move in moves:
        latest[move.by] = max(latest.get(move.by, -1), move.turn)
    return tuple(latest.get(index, -1) for index in range(max(latest, default=-1) + 1))
