"""The seams of a worker, on one page: problem, agent, sandboxed run.

A *problem* says what can be looked at, how a candidate is judged and how a good one becomes part
of the shared state; an *agent* says what to try next. `attempt/run.py` knows the order and nothing
else. The four problems (code, optimization, sudoku, research) differ in the three types below:

| | view | candidate | judgement |
|---|---|---|---|
| code | checkout, red tests, suspicion by line | edits to statements | outcome of each test |
| optimization | best so far, explored regions | code that searches a region | recomputed score |
| sudoku | grid and candidates of cells | a cell and its digit | contradiction or not |
| research | facts, open questions, unread sources | facts with quotations | supported or not |
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import JsonValue

from tasks_schema.kinds import AttemptStatus
from tasks_schema.messages.attempt import TestResult

ViewT = TypeVar("ViewT")
CandidateT_contra = TypeVar("CandidateT_contra", contravariant=True)
JudgementT = TypeVar("JudgementT")
LookT_contra = TypeVar("LookT_contra", contravariant=True)
ProposalT_co = TypeVar("ProposalT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a tree, exactly as it is to stand on disk."""

    data: bytes
    """Its bytes; for a symbolic link empty."""
    is_executable: bool = False
    link_target: str | None = None
    """Of a symbolic link; None for a regular file."""


Findings = Mapping[str, JsonValue]
"""What an attempt found out, small enough for its report."""

Tree = Mapping[str, TreeFile]
"""Files by path relative to the root, with forward slashes. Folders are implied by their files."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One piece of one file replaced by other text: what an agent of kind `search` proposes."""

    path: str
    """Of the file, relative to the root of the repository, with forward slashes."""
    start: int
    """Index of the first replaced character in the decoded text (line ends as they are)."""
    end: int
    """Index after the last replaced character; equal to `start` for an insertion."""
    text: str
    """What stands there instead."""


@dataclass(frozen=True, slots=True)
class EditCandidate:
    """Edits that are tried together. Edits of one file do not overlap."""

    edits: tuple[Edit, ...]
    operator: str
    """The kind of change, for example `comparison`; for statistics and reasons."""
    line: int
    """1-based line of the first edit."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What an attempt may know of its own place: whose turn it is, with which chance."""

    swarm_id: str
    agent_id: str
    turn: int
    seed: int
    """Derived from the swarm's seed, the agent and the turn: the only source of chance."""
    seconds_max: float
    """Wall-clock seconds left for this attempt."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What an attempt has cost beside time."""

    evaluations: int = 0
    """Calls of the function, placements or readings: the problem's own unit."""
    sandbox_cpu_seconds: float = 0.0
    """Processor time of what ran in the sandbox; that of the worker is measured around the turn."""
    tokens: int | None = None
    """Of language models, in and out; None if no model was asked."""
    dollars: float | None = None
    """What these cost; None if no model was asked."""


@dataclass(frozen=True, slots=True)
class Evaluation(Generic[JudgementT]):
    """What became of the candidates of one attempt."""

    candidates: int
    """How many were evaluated."""
    operations_spent: int
    """How many edits these were, as counted against the budget."""
    found: JudgementT | None = None
    """What was found out, as `share` and `land` take it; None if nothing was tried."""
    costs: Costs = Costs()
    """What judging took, where the problem counts it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, in the words of its report."""

    status: AttemptStatus
    reason: str
    base_landing: int
    landing: int | None = None
    exit_status: int | None = None
    tests: tuple[TestResult, ...] = field(default=())
    scopes: tuple[str, ...] = field(default=())
    findings: Findings | None = None
    """What it found out, in the problem's own words; None for code."""
    settle: Callable[[], Findings] | None = None
    """Runs in the transaction that ends the turn, maybe several times: tells the others what was
    learned and returns the findings, so that both happen once or not at all. None if it was told
    before."""


class Agent(Protocol[LookT_contra, ProposalT_co]):
    """A strategy. Law: the same view and turn give the same candidates in the same order."""

    def propose(self, view: LookT_contra, turn: Turn) -> Iterator[ProposalT_co]:
        """Yield candidates, best first, lazily. Touches nothing shared."""
        ...


class Problem(Protocol[ViewT, CandidateT_contra, JudgementT]):
    """One swarm's problem, as one agent sees it in one worker process."""

    def measure(self) -> Outcome:
        """Measure the state that the swarm starts from, and say whether agents can work on it."""
        ...

    def landed_before(self, turn: Turn) -> Outcome | None:
        """Return what this very turn landed before its process died; None if it had not landed.

        Law: if it returns None, nothing of what the turn did before lands later.
        """
        ...

    def give_back(self) -> None:
        """Give back what this agent still holds of what is shared, after a turn that broke off."""
        ...

    def look(self) -> AbstractContextManager[ViewT]:
        """Take one consistent view of the shared state; what it holds open ends with the block."""
        ...

    def evaluate(
        self, view: ViewT, candidates: Iterable[CandidateT_contra], is_stopped: Callable[[], bool]
    ) -> Evaluation[JudgementT]:
        """Judge candidates in the sandbox until a good one is found or they end. Blocks."""
        ...

    def share(self, evaluation: Evaluation[JudgementT]) -> None:
        """Tell the others what was learned, in one transaction."""
        ...

    def land(self, view: ViewT, evaluation: Evaluation[JudgementT], turn: Turn) -> Outcome:
        """Make the winner part of the shared state, tested on what that state is by then."""
        ...
