"""What agents tell each other of a Sudoku: moves, splits, dry rules, and who is where.

All of it is kept in sets that only grow: adding one element commutes with adding another, whoever
adds it twice changes nothing, and no agent ever overwrites what another has found.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from swarm_workers.agents.sudoku.grid import Grid
from swarm_workers.agents.sudoku.view import Path


@dataclass(frozen=True, slots=True)
class Move:
    """What one turn concluded about one branch."""

    by: int
    """Index of the agent."""
    turn: int
    path: Path
    """The guesses that it rests on."""
    strategy: str
    facts: str
    """What was concluded, in hexadecimal: see `Grid.known`."""
    cells: tuple[int, ...] = ()
    """Cells that were found to be solved without any guess, and that no move before had named."""
    seen: tuple[int, ...] = ()
    """Version vector: for each agent the last turn whose moves were known to this one, or -1."""

    def has_seen(self, other: "Move") -> bool:
        """Say whether the other move was known when this one was concluded."""
        return other.by < len(self.seen) and other.turn <= self.seen[other.by]

    @property
    def known(self) -> int:
        """Its facts as bits."""
        return int(self.facts, 16)


@dataclass(frozen=True, slots=True)
class Dry:
    """A rule concludes nothing from a state."""

    path: Path
    strategy: str
    state: str
    """The digest of that state: see `digest`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An agent is thinking about a branch. Only a hint: others go elsewhere while they can."""

    by: int
    path: Path


@dataclass(frozen=True, slots=True)
class Epoch:
    """Which sets are in force: others after a lie was undone."""

    number: int = 0
    expelled: tuple[int, ...] = ()
    """Agents that were proved to have written what is wrong: they have no more say."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A digit in the shared grid. Who put it there is in the moves."""

    cell: int
    digit: int


def version_vector(moves: Iterable[Move]) -> tuple[int, ...]:
    """Return for each agent the last turn among these moves; -1 for those with none."""
    latest: dict[int, int] = {}
    for move in moves:
        latest[move.by] = max(latest.get(move.by, -1), move.turn)
    return tuple(latest.get(index, -1) for index in range(max(latest, default=-1) + 1))


def digest(grid: Grid) -> str:
    """Return what tells this grid from any other, in 16 characters."""
    return blake2b(grid.known.to_bytes(92, "big"), digest_size=8).hexdigest()
