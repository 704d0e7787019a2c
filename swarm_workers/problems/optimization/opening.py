"""An optimization, as the composition root opens it."""

from typing_extensions import override

from swarm_workers.problems.iterative import IterativeSwarm
from swarm_workers.problems.opening import Workshop
from swarm_workers.problems.optimization.problem import OptimizationProblem
from tasks_schema.messages.swarm import SwarmSpec


class OpenOptimization(IterativeSwarm):
    """One swarm on a function in one process; its sandbox is the process's."""

    def __init__(self, spec: SwarmSpec, workshop: Workshop) -> None:
        """Name the space; the sandbox is booted on first use."""
        super().__init__(spec, workshop)
        self._workshop = workshop

    @override
    def problem(self, agent: str) -> OptimizationProblem:
        """Return the function as this agent sees it for one turn."""
        lent = self._workshop
        return OptimizationProblem(self.spec, agent, self.shared, lent.runner, lent.clock)

    @override
    def interrupt(self) -> None:
        """End the program that runs now."""
        self._workshop.runner.interrupt()
