"""Where the work on a puzzle stands: a snapshot of the shared moves, folded into a grid.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from swarm_workers.agents.sudoku.grid import Grid, placed
from swarm_workers.problems.sudoku.records import Dry, Fork, Move, Trail, version_vector

Layers = Mapping[int, frozenset[Move]]


@dataclass(frozen=True)
class Standing:
    """One consistent look at a part of the space."""

    clues: str
    trail: Trail
    layers: Layers
    """The moves of the layers of the trail."""
    dry_notes: frozenset[Dry]
    """Of the newest layer."""
    board: frozenset[Move] = frozenset()
    """What agents tell across parts, where they do not share everything."""

    @property
    def layer(self) -> int:
        """The newest layer: where agents work."""
        return self.trail.layers[-1]

    @property
    def fork(self) -> Fork | None:
        """The newest guess; None if there is none in force."""
        return self.trail.forks[-1] if self.trail.forks else None

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """All moves that the grid rests on, those of the board left out."""
        return tuple(move for layer in self.trail.layers for move in self.layers[layer])

    @cached_property
    def grid(self) -> Grid:
        """All that is known, the guesses included."""
        guesses = [placed(fork.cell, fork.digit) for fork in self.trail.forks]
        return self._with_board(*(move.known for move in self.moves), *guesses)

    @cached_property
    def sure(self) -> Grid:
        """What is known without any guess."""
        if not self.trail.forks:
            return self.grid
        return self._with_board(*(move.known for move in self.layers[self.trail.root]))

    @cached_property
    def named_cells(self) -> frozenset[int]:
        """Cells that are given, or that some move has named as solved."""
        given = {cell for cell, char in enumerate(self.clues) if char != "."}
        return frozenset(given.union(*(move.cells for move in self.moves)))

    @cached_property
    def seen(self) -> tuple[int, ...]:
        """The version vector of this standing."""
        return version_vector(self.moves)

    @property
    def dry(self) -> frozenset[str]:
        """Rules that conclude nothing from this very grid."""
        now = self.grid.generation
        return frozenset(note.strategy for note in self.dry_notes if note.generation == now)

    def _with_board(self, *facts: int) -> Grid:
        told = (move.known for move in self.board)
        return Grid.joined((Grid.of_clues(self.clues).known, *told, *facts))
