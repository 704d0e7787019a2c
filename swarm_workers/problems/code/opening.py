"""A swarm on code, as the composition root opens it."""

from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.code.problem import CodeProblem
from swarm_workers.problems.code.swarm import CodeSwarm
from swarm_workers.problems.opening import Workshop
from tasks_schema.messages.swarm import SwarmSpec


class OpenCode:
    """One swarm on code in one process: its checkouts and sandboxes stay warm."""

    is_heavy = True

    def __init__(self, code: CodeSwarm) -> None:
        """Hold the parts."""
        self._code = code

    @classmethod
    def open(cls, spec: SwarmSpec, workshop: Workshop) -> "OpenCode":
        """Return the parts, wired; nothing is started yet."""
        lent = workshop
        return cls(CodeSwarm.open(spec, lent.engine, lent.spaces, lent.settings))

    @property
    def spec(self) -> SwarmSpec:
        """Of the swarm."""
        return self._code.spec

    @property
    def shared(self) -> SharedState:
        """The variables of the whole swarm."""
        return self._code.spaces.shared(self._code.spec.swarm_id)

    def problem(self, agent: str) -> CodeProblem:
        """Return the repository as this agent sees it for one turn."""
        self._code.workbench.begin()
        return CodeProblem(self._code, agent)

    def interrupt(self) -> None:
        """End what runs in its sandboxes now."""
        self._code.workbench.interrupt()

    def close(self) -> None:
        """End its sandboxes."""
        self._code.workbench.close()
