"""Where the work on a puzzle stands: a snapshot of what agents have told each other.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from swarm_workers.agents.sudoku.grid import Grid
from swarm_workers.agents.sudoku.view import Split
from swarm_workers.problems.sudoku.records import Claim, Dry, Epoch, Move, digest, version_vector
from swarm_workers.problems.sudoku.tree import Branch, Tree

BRANCHES_MAX = 4
"""Branches that an agent takes in one turn, at most."""


@dataclass(frozen=True)
class Standing:
    """One consistent look at a part of the space."""

    clues: str
    epoch: Epoch = Epoch()  # noqa: RUF009 - frozen
    moves: frozenset[Move] = frozenset()
    splits: frozenset[Split] = frozenset()
    dry_notes: frozenset[Dry] = frozenset()
    board: frozenset[Move] = frozenset()
    """What agents tell across parts, where they do not share everything."""

    @cached_property
    def tree(self) -> Tree:
        """The open branches."""
        told = (move.known for move in self.board)
        start = Grid.joined((Grid.of_clues(self.clues).known, *told))
        return Tree.folded(start, self.moves, self.splits)

    @property
    def sure(self) -> Grid:
        """What is known without any guess."""
        return self.tree.root.grid

    @cached_property
    def named_cells(self) -> frozenset[int]:
        """Cells that are given, or that some move has named as solved without any guess."""
        given = {cell for cell, char in enumerate(self.clues) if char != "."}
        return frozenset(given.union(*(move.cells for move in self.moves)))

    @cached_property
    def seen(self) -> tuple[int, ...]:
        """The version vector of this standing."""
        return version_vector(self.moves)

    def dry(self, grid: Grid) -> frozenset[str]:
        """Return the rules that conclude nothing from this very grid."""
        state = digest(grid)
        return frozenset(note.strategy for note in self.dry_notes if note.state == state)

    def branches_for(self, index: int, claims: frozenset[Claim] = frozenset()) -> list[Branch]:
        """Return branches for an agent: where the fewest others are, and there the deepest.

        There is at least one. Beside it there are some that nobody is at, but no more than half of
        them: the rest is for others.

        Args:
            index: of the agent.
            claims: who is where. They are no part of a standing: it is folded before they are read.
        """
        others = Counter(claim.path for claim in claims if claim.by != index)
        leaves = sorted(
            self.tree.leaves, key=lambda leaf: (others[leaf.path], -len(leaf.path), leaf.path)
        )
        free = sum(not others[leaf.path] for leaf in leaves)
        return leaves[: max(1, min(BRANCHES_MAX, free // 2))]
