"""A swarm on a Sudoku, as the composition root opens it."""

from typing_extensions import override

from swarm_workers.problems.iterative import IterativeSwarm
from swarm_workers.problems.sudoku.problem import SudokuProblem


class OpenSudoku(IterativeSwarm):
    """One swarm on a puzzle in one process."""

    @override
    def problem(self, agent: str) -> SudokuProblem:
        """Return the puzzle as this agent sees it for one turn."""
        return SudokuProblem(self.spec, self.shared, agent)
