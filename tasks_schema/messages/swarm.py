"""What a person asks for: the task, and how many agents of which kind work on it."""

from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from tasks_schema.kinds import AgentKind, Mode
from tasks_schema.messages.task import CodeTask, TaskSpec

AGENTS_MAX = 1_000_000


class SwarmSpec(BaseModel):
    """A task, and the agents launched at it."""

    model_config = ConfigDict(frozen=True)

    swarm_id: str
    task: TaskSpec
    agents: int = Field(ge=1, le=AGENTS_MAX)
    kind: AgentKind = AgentKind.SEARCH
    mode: Mode = Mode.SWARM
    seed: int = 0
    branch: str = ""
    """Id of the branch in the source store that the swarm was launched on; code alone has one."""
    import_landing: int = 0
    """The landing on that branch that holds the code as it was."""

    @property
    def code(self) -> CodeTask:
        """The task of a swarm that works on code; asked of no other."""
        assert isinstance(self.task, CodeTask), f"swarm {self.swarm_id} does not work on code"
        return self.task

    def part(self, agent: str) -> str:
        """Return the prefix of the variables that an agent shares with its part of the swarm."""
        return f"{agent}/" if self.mode is Mode.PARALLEL else ""


def module_path(path: PurePosixPath) -> str:
    """Return the dotted path of a Python file: `pkg/auth/__init__.py` is `pkg.auth`."""
    parts = list(path.with_suffix("").parts)
    if parts and parts[0] == "src":
        parts = parts[1:]
    if parts and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)
