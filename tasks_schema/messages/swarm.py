"""What a person asks for: the task, and how many agents of which kind work on it."""

from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from tasks_schema.kinds import AgentKind, Mode, ProblemKind

AGENTS_MAX = 1_000_000


class Interpreter(BaseModel):
    """The Python that runs the success command inside the sandbox."""

    model_config = ConfigDict(frozen=True)

    executable: str
    """Absolute path, as the sandbox sees it after binding `folders`."""
    version: tuple[int, int]
    """Major and minor, for example (3, 11)."""
    folders: tuple[str, ...]
    """Absolute paths that must be readable for it to start, bound read-only."""
    venv_in_repo: str | None = None
    """The folder inside the repository (for example `.venv`) that holds it; None if elsewhere."""
    is_fleet: bool = False
    """True for the fleet's own interpreter, the last resort."""


class Budget(BaseModel):
    """What a swarm may spend. Zero means no limit."""

    model_config = ConfigDict(frozen=True)

    seconds: float = Field(default=3600, ge=0)
    """Wall-clock seconds from the launch."""
    operations: int = Field(default=0, ge=0)
    """Edits that may be proposed and evaluated."""


class TaskSpec(BaseModel):
    """What is wanted, and where. Frozen when the swarm is launched."""

    model_config = ConfigDict(frozen=True)

    problem: ProblemKind = ProblemKind.CODE
    description: str
    """The task in the person's own words."""
    repository: str
    """Absolute path of the folder the code came from: for reports, never read by workers."""
    success: str
    """The command that must exit with 0, in the person's own words."""
    success_argv: tuple[str, ...]
    """The same, split as a POSIX shell would; it is run without a shell."""
    scope: tuple[str, ...] = ()
    """Dotted paths of modules that agents may change; empty means all that are not tests."""
    interpreter: Interpreter
    budget: Budget = Budget()
    command_seconds_max: float = Field(default=600, gt=0)
    """The longest that one run of the success command may take before it counts as hung."""


class SwarmSpec(BaseModel):
    """A task, and the agents launched at it."""

    model_config = ConfigDict(frozen=True)

    swarm_id: str
    task: TaskSpec
    agents: int = Field(ge=1, le=AGENTS_MAX)
    kind: AgentKind = AgentKind.SEARCH
    mode: Mode = Mode.SWARM
    seed: int = 0
    branch: str
    """Id of the branch in the source store that the swarm was launched on."""
    import_landing: int
    """The landing on that branch that holds the code as it was."""


def module_path(path: PurePosixPath) -> str:
    """Return the dotted path of a Python file: `pkg/auth/__init__.py` is `pkg.auth`."""
    parts = list(path.with_suffix("").parts)
    if parts and parts[0] == "src":
        parts = parts[1:]
    if parts and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)
