"""What can be wrong with a puzzle that a person gives.

WorkerError
└── PuzzleError
    ├── PuzzleShapeError      it is not 81 cells
    ├── ClueConflictError     two clues contradict each other
    ├── NoSolutionError       nothing fits
    └── AmbiguousPuzzleError  more than one thing fits
"""

from swarm_workers.agents.sudoku.grid import cell_name
from swarm_workers.errors import WorkerError


class PuzzleError(WorkerError):
    """A puzzle that cannot be worked on."""


class PuzzleShapeError(PuzzleError):
    """The text is not 81 cells."""

    def __init__(self, count: int, stray: str) -> None:
        """Say how many cells were read, and which characters stand for none."""
        tail = f", and {stray!r} stands for no cell" if stray else ""
        super().__init__(
            f"a puzzle has 81 cells, and this text has {count}{tail}; give each cell as a digit "
            "from 1 to 9, or as '.' or '0' where it is empty"
        )
        self.count = count
        self.stray = stray


class ClueConflictError(PuzzleError):
    """Two clues contradict each other."""

    def __init__(self, digit: int, cells: tuple[int, int]) -> None:
        """Name the digit and the cells, which see each other."""
        one, other = (cell_name(cell) for cell in cells)
        super().__init__(
            f"the clue {digit} stands in {one} and in {other}, which share a row, a column or a "
            "box; change one of them"
        )
        self.digit = digit
        self.cells = cells


class NoSolutionError(PuzzleError):
    """Nothing fits the clues."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("no grid fits the clues of this puzzle; look whether one was misread")


class AmbiguousPuzzleError(PuzzleError):
    """More than one grid fits the clues."""

    def __init__(self, cell: int, digits: tuple[int, int]) -> None:
        """Name a cell in which two grids that fit differ."""
        super().__init__(
            f"more than one grid fits the clues of this puzzle: {cell_name(cell)} may be "
            f"{digits[0]} or {digits[1]}; add a clue"
        )
        self.cell = cell
        self.digits = digits
