"""What is wanted of a swarm: one shape for each problem, told apart by `problem`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks_schema.kinds import ProblemKind, Sharing, SurfaceKind

ITERATIONS_MAX = 100_000


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


class CodeTask(BaseModel):
    """A repository, and a command that must succeed. Frozen when the swarm is launched."""

    model_config = ConfigDict(frozen=True)

    problem: Literal[ProblemKind.CODE] = ProblemKind.CODE
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


class IterativeTask(BaseModel):
    """What the problems beside code have in common: so many turns of each agent, and no more."""

    model_config = ConfigDict(frozen=True)

    description: str
    """The task in words."""
    iterations: int = Field(ge=1, le=ITERATIONS_MAX)
    """Turns of each agent. The swarm is exhausted when all of them are reported."""
    sharing: Sharing = Sharing.BOTH
    """What the agents of one part tell each other."""
    round_trip_seconds: float = Field(default=0.0, ge=0, le=1)
    """Added to every flight to Redis, to try out a network that is not there."""
    budget: Budget = Budget()


class OptimizationTask(IterativeTask):
    """The greatest value of a function over a box."""

    problem: Literal[ProblemKind.OPTIMIZATION] = ProblemKind.OPTIMIZATION
    surface: SurfaceKind
    dimensions: int = Field(default=3, ge=1, le=16)
    shift_seed: int = 0
    """Moves the optimum away from where the literature has it; 0 leaves it there."""
    cells_per_axis: int = Field(default=5, ge=1, le=64)
    """Into how many regions each axis is divided."""
    evaluations_max: int = Field(default=200, ge=1, le=1_000_000)
    """Calls of the function that one iteration may make."""
    elites_max: int = Field(default=16, ge=1, le=32)
    """Good points that are kept and refined; 1 keeps the best one alone."""
    tolerance: float = Field(default=1e-3, gt=0, lt=1)
    """It is solved within this part of the way from the function's mean to its optimum."""


class SudokuTask(IterativeTask):
    """A grid to fill in."""

    problem: Literal[ProblemKind.SUDOKU] = ProblemKind.SUDOKU
    puzzle: str
    """81 characters, row by row: digits, and `.` or `0` for an empty cell."""
    strategies: tuple[str, ...] = ()
    """Names of the strategies that agents know; empty means all, guessing included."""
    is_specialized: bool = False
    """True if each agent knows one of them, dealt out in turn; False if each knows all."""
    steps_max: int = Field(default=1, ge=1, le=100_000)
    """How many strategies one turn may apply before it tells the others."""
    lies: int = Field(default=0, ge=0)
    """In so many of its first turns the first agent writes a wrong cell: a provoked fault."""
    is_audited: bool = True
    """False if nobody asks who wrote what, so that a contradiction without a guess is the end."""


class ResearchTask(IterativeTask):
    """A topic, questions about it, and the documents that may answer them."""

    problem: Literal[ProblemKind.RESEARCH] = ProblemKind.RESEARCH
    topic: str = Field(min_length=1, max_length=500)
    questions: tuple[str, ...] = Field(default=(), max_length=256)
    """The questions to begin with; empty means the topic itself."""
    questions_max: int = Field(default=24, ge=1, le=256)
    """With so many on the agenda no more are taken up."""
    sources_per_question: int = Field(default=16, ge=1, le=256)
    """So many sources are worth reading for one question: those that rank first."""
    source_seconds: float = Field(default=0.0, ge=0, le=10)
    """Added to every reading, to try out sources that are not on this machine."""
    is_varied: bool = False
    """True if agents draw what to read next; False if they take what promises most."""
    is_dealt: bool = False
    """True if sources are dealt out to agents beforehand, so that no two read the same."""
    facts_wanted: int = Field(default=0, ge=0, le=100_000)
    """With so many facts agents read no more; 0 means that they read while they have turns."""
    facts_reachable: int = Field(default=0, ge=0)
    """Facts that there are to be found, where somebody has counted them beforehand; else 0."""
    library: str = ""
    """Digest of the documents that are read. A worker with others refuses; empty takes any."""
    documents_branch: str = ""
    """The branch in the source store that holds documents which a person named; empty for none."""
    documents_landing: int = 0
    """The landing on that branch that holds them."""


ReadyTask = OptimizationTask | SudokuTask | ResearchTask
"""A task that can be launched as it is: there is no code to import first."""
TaskSpec = Annotated[CodeTask | ReadyTask, Field(discriminator="problem")]
