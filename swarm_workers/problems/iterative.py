"""What the problems beside code have in common: turns that share by the transaction that ends them.

A turn is: look (one transaction), propose, evaluate, and *settle*, which runs in the transaction
that ends the turn and sends its report. So a turn has either shared, and is reported, or it has
done neither; one whose worker died is simply taken again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Generic, TypeVar

from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.opening import Workshop
from swarm_workers.protocols import Evaluation, Findings, Outcome, Problem, Turn
from tasks_schema.kinds import AttemptStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import IterativeTask

ViewT = TypeVar("ViewT")
CandidateT = TypeVar("CandidateT")
FoundT = TypeVar("FoundT")


class IterativeProblem(ABC, Generic[ViewT, CandidateT, FoundT]):
    """One swarm's problem, as one agent sees it for one turn; a `Problem`."""

    def measure(self) -> Outcome:
        """Refuse: there is no baseline to measure, and none is ordered."""
        raise NotImplementedError(f"{type(self).__name__} has no baseline")

    def landed_before(self, turn: Turn) -> Outcome | None:  # noqa: ARG002 - the seam's signature
        """Return None: what a turn shares goes out with its report."""
        return None

    def give_back(self) -> None:
        """Give back what this agent claimed in a turn that broke off; nothing unless overridden."""

    @abstractmethod
    def look(self) -> AbstractContextManager[ViewT]:
        """Take one consistent view of the shared state, in one transaction."""

    @abstractmethod
    def evaluate(
        self, view: ViewT, candidates: Iterable[CandidateT], is_stopped: Callable[[], bool]
    ) -> Evaluation[FoundT]:
        """Judge what the agent proposes; count what it costs."""

    def share(self, evaluation: Evaluation[FoundT]) -> None:
        """Do nothing: `settle` shares."""

    def land(self, view: ViewT, evaluation: Evaluation[FoundT], turn: Turn) -> Outcome:
        """Return the outcome that settles the turn."""
        settle = partial(self.settle, view, evaluation, turn)
        return Outcome(AttemptStatus.FINISHED, self.reason(evaluation), 0, settle=settle)

    @abstractmethod
    def settle(self, view: ViewT, evaluation: Evaluation[FoundT], turn: Turn) -> Findings:
        """Write what the others are to know, and return what the report is to say.

        Runs inside the transaction that ends the turn, maybe several times: it computes and uses
        variables of the space, and does nothing else. Ends the swarm (`SharedState.end`) when the
        problem is solved.
        """

    def reason(self, evaluation: Evaluation[FoundT]) -> str:  # noqa: ARG002 - for those who override
        """Return a sentence for the report; empty unless overridden."""
        return ""


class IterativeSwarm(ABC):
    """One swarm of such a problem in one process; an `OpenProblem`. Holds nothing that costs."""

    is_heavy = False

    def __init__(self, spec: SwarmSpec, workshop: Workshop) -> None:
        """Name the space of the swarm; no connection is made."""
        assert isinstance(spec.task, IterativeTask), f"{spec.swarm_id} has no iterations"
        stm = workshop.spaces.stm(spec.swarm_id, spec.task.round_trip_seconds)
        self._spec = spec
        self._shared = SharedState(stm)

    @property
    def spec(self) -> SwarmSpec:
        """Of the swarm."""
        return self._spec

    @property
    def shared(self) -> SharedState:
        """The variables that every swarm has; `shared.stm` is its space."""
        return self._shared

    @abstractmethod
    def problem(self, agent: str) -> Problem[Any, Any, Any]:
        """Return the problem as this agent sees it for one turn."""

    def interrupt(self) -> None:  # noqa: B027 - most have nothing to do here
        """End what runs for it now; nothing unless overridden."""

    def close(self) -> None:  # noqa: B027 - as above
        """End what it keeps; nothing unless overridden."""
