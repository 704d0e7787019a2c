"""What the success command says of states of the code; each is asked for once."""

from collections import OrderedDict
from typing import Final, Protocol

from swarm_workers.problems.code.outcome import CommandOutcome
from swarm_workers.problems.code.outcomes import LandingOutcomes
from swarm_workers.protocols import Tree
from swarm_workers.sandbox.result import RunResult
from swarm_workers.source.store import SourceStore
from swarm_workers.source.tree_files import tree_digest

TREES_MAX: Final = 32
"""Trees whose outcome is remembered: those that one halved batch can come back to."""


class Runner(Protocol):
    """Runs the success command. Law: it raises `InterruptedAttemptError` once told to end."""

    def run_clean(self, tree: Tree) -> tuple[RunResult, CommandOutcome]:
        """Run it on a tree in a fresh process of the sandbox. Blocks."""
        ...

    def require_going_on(self) -> None:
        """Raise `InterruptedAttemptError` if the attempt was told to end."""
        ...


class StateOutcomes:
    """Outcomes of landings, kept in Postgres, and of trees that may land, kept for a while."""

    def __init__(self, store: SourceStore, outcomes: LandingOutcomes, runner: Runner) -> None:
        """Hold the parts; nothing is read."""
        self._store = store
        self._outcomes = outcomes
        self._runner = runner
        self._trees: OrderedDict[str, CommandOutcome] = OrderedDict()
        self._last: tuple[str, int, CommandOutcome] | None = None

    def outcome_at(self, branch: str, landing: int) -> CommandOutcome:
        """Return what the success command says of a landing; runs it if nobody did yet.

        With each test's own outcome, if it was the last one to be recorded here.
        """
        if self._last is not None and self._last[:2] == (branch, landing):
            return self._last[2]
        known = self._outcomes.find(branch, landing)
        if known is not None:
            return known
        outcome = self.outcome_of(self._store.checkout(branch, landing))
        self.record(branch, landing, outcome)
        return outcome

    def outcome_of(self, tree: Tree) -> CommandOutcome:
        """Return what the success command says of a tree; runs it unless it ran on just that."""
        digest = tree_digest(tree)
        if digest not in self._trees:
            _, outcome = self._runner.run_clean(tree)
            self._trees[digest] = outcome
            if len(self._trees) > TREES_MAX:
                self._trees.popitem(last=False)
        return self._trees[digest]

    def record(self, branch: str, landing: int, outcome: CommandOutcome) -> None:
        """Keep the outcome of a landing; the first one stays."""
        self._outcomes.record(branch, landing, outcome)
        self._last = (branch, landing, outcome)

    def first_from(self, branch: str, landing: int) -> int | None:
        """Return the first landing from this one on whose outcome is known; None if none is."""
        return self._outcomes.first_from(branch, landing)

    def require_going_on(self) -> None:
        """Raise `InterruptedAttemptError` if the attempt was told to end."""
        self._runner.require_going_on()
