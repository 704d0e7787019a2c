"""The closed sets of words: kinds, modes, states, outcomes. The glossary defines each."""

from enum import StrEnum


class AgentKind(StrEnum):
    """The strategy that an agent follows."""

    SEARCH = "search"  #: Edits found by coverage and tried one by one; needs no key.
    OPTIMIZER = "optimizer"  #: Writes code that searches a region of a function's domain.
    SOLVER = "solver"  #: Fills in a Sudoku by the rules that its number gives it.
    RESEARCHER = "researcher"  #: Takes facts from sources.
    SYNTHESIZER = "synthesizer"  #: Waits for facts enough, and writes the report of them.
    BASELINE = "baseline"  #: Not a strategy: the one attempt that measures the code as it is.


class Mode(StrEnum):
    """Who sees what."""

    SINGLE = "single"  #: One agent.
    PARALLEL = "parallel"  #: Many agents, each alone on a branch of its own.
    SWARM = "swarm"  #: Many agents, one shared state, one head.


class ProblemKind(StrEnum):
    """What can be worked on."""

    CODE = "code"  #: A repository and a command that must succeed.
    OPTIMIZATION = "optimization"  #: A function whose greatest value is looked for.
    SUDOKU = "sudoku"  #: A grid to fill in.
    RESEARCH = "research"  #: A question, and sources that may answer it.


class Sharing(StrEnum):
    """What the agents of one part tell each other: the ablation of an experiment.

    *Results* are what has been achieved: the best point, the cells filled in, the facts. *Tracks*
    are what has been tried: the regions explored, the candidates ruled out, the sources read.
    """

    BOTH = "both"  #: Results and tracks.
    BEST = "best"  #: Results alone.
    EXPLORED = "explored"  #: Tracks alone.
    NOTHING = "nothing"  #: Neither: what an agent knows it has found out itself.

    @property
    def has_results(self) -> bool:
        """Say whether agents see each other's results."""
        return self in (Sharing.BOTH, Sharing.BEST)

    @property
    def has_tracks(self) -> bool:
        """Say whether agents see what the others have tried."""
        return self in (Sharing.BOTH, Sharing.EXPLORED)


class SurfaceKind(StrEnum):
    """A function that optimizers look for the greatest value of."""

    RIDGES = "ridges"  #: sin x · cos y · sin z, and one narrow peak beside its ridges.
    RASTRIGIN = "rastrigin"
    ACKLEY = "ackley"
    SCHWEFEL = "schwefel"
    GRIEWANK = "griewank"
    LEVY = "levy"


class SwarmStatus(StrEnum):
    """Where a swarm stands. All but `pending` and `running` are final."""

    PENDING = "pending"  #: Recorded; its code as it is has not been measured yet.
    RUNNING = "running"  #: Attempts are being handed out.
    SUCCEEDED = "succeeded"  #: The success command passes on the head.
    EXHAUSTED = "exhausted"  #: The budget is spent, or no agent has anything left to try.
    TIMED_OUT = "timed_out"  #: Its seconds are spent.
    STOPPED = "stopped"  #: A person stopped it.
    FAILED = "failed"  #: It could not work: the reason says why.

    @property
    def is_final(self) -> bool:
        """Say whether a swarm in this state has ended."""
        return self not in (SwarmStatus.PENDING, SwarmStatus.RUNNING)


class AttemptStatus(StrEnum):
    """Where an attempt stands."""

    SENT = "sent"  #: Its message was given to the broker.
    LANDED = "landed"  #: It changed the head.
    FINISHED = "finished"  #: It ran to its end and changed nothing.
    CANCELLED = "cancelled"  #: The swarm had ended before it could start or finish.
    FAILED = "failed"  #: It raised; the reason says what.
    DEAD = "dead"  #: Its worker died three times; a person may requeue it.


class QueueState(StrEnum):
    """Where a change in the merge queue stands. One that landed is not in it any more."""

    WAITING = "waiting"  #: Nobody looks at it yet.
    TAKEN = "taken"  #: A process tests it, maybe together with others.
    REFUSED = "refused"  #: It cannot land; the reason says why.


class TestOutcome(StrEnum):
    """How one test ended."""

    __test__ = False  # pytest must not collect this class

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  #: Set-up, tear-down or collection raised.
    SKIPPED = "skipped"  #: Skipped, or failed as expected.

    @property
    def is_red(self) -> bool:
        """Say whether this outcome is one that a swarm is there to change."""
        return self in (TestOutcome.FAILED, TestOutcome.ERROR)


class NodeKind(StrEnum):
    """What a node of source is."""

    DIR = "dir"
    FILE = "file"
    CLASS = "class"
    DEF = "def"
    STATEMENT = "statement"
    RAW = "raw"  #: Lines that do not parse.
    TAIL = "tail"  #: Comments and blank lines that end a block.
    CHUNK = "chunk"  #: A paragraph of text that is not Python.
    BLOB = "blob"  #: Bytes carried untouched.
    LINK = "link"  #: A symbolic link; its text is the target.


class OperationKind(StrEnum):
    """What an operation does to a node, or to an edge between two."""

    NODE_INSERT = "node_insert"
    NODE_UPDATE = "node_update"
    NODE_MOVE = "node_move"
    NODE_DELETE = "node_delete"
    EDGE_INSERT = "edge_insert"
    EDGE_DELETE = "edge_delete"

    @property
    def is_of_edge(self) -> bool:
        """Say whether it is about an edge between two nodes, not about a node."""
        return self in (OperationKind.EDGE_INSERT, OperationKind.EDGE_DELETE)


class EdgeKind(StrEnum):
    """How one node of source depends on another."""

    IMPORTS = "imports"  #: A definition or a module, and the module or definition it imports.
    CALLS = "calls"  #: A definition or a module, and what it calls.
    INHERITS = "inherits"  #: A class, and its base.
    USES = "uses"  #: A definition or a module, and what it mentions otherwise.


class ExitCode:
    """What the `swarm` command tells its caller."""

    SUCCESS = 0  #: The success command passes.
    UNSOLVED = 3  #: It does not: budget or time spent, or stopped.
    BAD_USE = 2  #: The request cannot be carried out as it was made.
