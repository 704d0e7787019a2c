"""The branches of the search that are open, folded from the moves and the splits of all agents.

A branch that was split lives on in its branches, one for each digit that its cell may still have.
When one digit is left, nothing is guessed any more: the branch takes in what was found out there.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from swarm_workers.agents.sudoku.grid import Grid, placed
from swarm_workers.agents.sudoku.view import Path, Split
from swarm_workers.problems.sudoku.records import Move

GRIDS_KEPT = 512
"""By a process, of all puzzles together: some megabytes."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What is known under some guesses."""

    paths: tuple[Path, ...]
    """The guesses; more than one way to say them, if one of them is known to be right by now."""
    grid: Grid

    @property
    def path(self) -> Path:
        """Where news of it are written."""
        return self.paths[-1]


@dataclass
class Tree:
    """All open branches. Not frozen: it is folded in place, once."""

    root: Branch
    """What is known without any guess."""
    leaves: list[Branch] = field(default_factory=list)
    """Branches that can be worked on; those that contradict themselves have to be refuted."""

    @classmethod
    def folded(cls, start: Grid, moves: Iterable[Move], splits: Iterable[Split]) -> "Tree":
        """Return the tree that moves and splits amount to, in whatever order they were made."""
        return _Folding(moves, splits).tree(start)


@lru_cache(maxsize=GRIDS_KEPT)
def _kept(grid: Grid) -> Grid:
    """Return this grid, or an equal one of an earlier look.

    Most branches are the same from one look to the next, and what follows from their grids is kept
    with them: so it is worked out once.
    """
    return grid


class _Folding:
    """Moves and splits by their paths."""

    def __init__(self, moves: Iterable[Move], splits: Iterable[Split]) -> None:
        self._facts: dict[Path, int] = {}
        for move in moves:
            self._facts[move.path] = self._facts.get(move.path, 0) | move.known
        self._cells: dict[Path, list[int]] = {}
        for split in splits:
            self._cells.setdefault(split.path, []).append(split.cell)

    def tree(self, start: Grid) -> Tree:
        root = self._branch((), start)
        tree = Tree(root)
        self._grow(root, tree.leaves)
        return tree

    def _branch(self, path: Path, start: Grid) -> Branch:
        """Return the branch at a path, with all that is certain there."""
        paths = [path]
        grid = start.with_facts(self._facts.get(path, 0))
        while (certain := next(self._certain(paths, grid), None)) is not None:
            paths.append(certain)
            grid = grid.with_facts(self._facts.get(certain, 0))
        return Branch(tuple(paths), _kept(grid))

    def _certain(self, paths: list[Path], grid: Grid) -> Iterator[Path]:
        """Yield paths that add nothing but a guess that is known to be right."""
        for path in paths:
            for cell in self._cells.get(path, ()):
                digits = grid.digits(cell)
                further = (*path, (cell, digits[0])) if len(digits) == 1 else path
                if further not in paths:
                    yield further

    def _grow(self, branch: Branch, leaves: list[Branch]) -> None:
        """Add the leaves under a branch. Of splits that were made at once the first one counts."""
        grid = branch.grid
        splits = [
            (path, cell)
            for path in branch.paths
            for cell in self._cells.get(path, ())
            if len(grid.digits(cell)) > 1
        ]
        if grid.is_contradictory or not splits:
            leaves.append(branch)
            return
        path, cell = min(splits)
        for digit in grid.digits(cell):
            further = (*path, (cell, digit))
            start = grid.with_facts(placed(cell, digit))
            self._grow(self._branch(further, start), leaves)
