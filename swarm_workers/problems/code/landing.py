"""A candidate becomes part of the head: merged, tested on the merged state, or refused.

The head passes every test that it passed before. A clean merge is no proof of that, so whenever
the head has moved, the success command runs again on the merged state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from swarm_workers.problems.code.outcome import CommandOutcome, why_not_better
from swarm_workers.problems.code.outcomes import LandingOutcomes
from swarm_workers.problems.code.workbench import Workbench
from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Conflict, HeadMoved, Merged
from tasks_schema.ids import AttemptId
from tasks_schema.messages.source import Operation

ROUNDS_MAX = 8
"""How often one attempt tests again because another landed first."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to land."""

    branch: str
    base: int
    """The landing that the changes were made on."""
    changes: Mapping[str, TreeFile]
    author: str
    attempt_id: AttemptId
    note: str
    flaky: frozenset[str]


@dataclass(frozen=True, slots=True)
class Landed:
    """It is part of the head."""

    landing: int
    outcome: CommandOutcome


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not; the operations are kept among the failed ones."""

    reason: str
    outcome: CommandOutcome | None = None


class Lander:
    """Lands the changes of one process's attempts."""

    def __init__(self, store: SourceStore, outcomes: LandingOutcomes, workbench: Workbench) -> None:
        """Hold the parts; nothing is read."""
        self._store = store
        self._outcomes = outcomes
        self._workbench = workbench

    def land(self, request: Request, unsteady: Callable[[frozenset[str]], str]) -> Landed | Refused:
        """Merge, test and land changes; blocks for one run of the success command a round.

        Args:
            request: what is to land.
            unsteady: given the tests that turned green, says why they cannot be trusted; empty
                if they can. Asked once, before anything lands.
        """
        operations = self._store.propose(request.branch, request.base, request.changes)
        for _ in range(ROUNDS_MAX):
            merged = self._store.merge(request.branch, request.base, operations)
            if isinstance(merged, Conflict):
                return self._refuse(request, operations, _conflict_reason(merged))
            if not merged.operations:
                return self._refuse(request, operations, "the head has it already")
            before = self.outcome_at(request.branch, merged.head)
            _, after = self._workbench.run_clean(self._merged_tree(request.branch, merged))
            reason = why_not_better(before, after, request.flaky) or unsteady(
                before.red - after.red
            )
            if reason:
                return self._refuse(request, operations, reason, after)
            landed = self._store.land(
                request.branch,
                expected_head=merged.head,
                operations=merged.operations,
                author=request.author,
                attempt_id=request.attempt_id,
                exit_status=after.exit_status,
                note=request.note,
            )
            if isinstance(landed, HeadMoved):
                continue
            if landed.number != merged.head + 1:
                # Another process was at this very turn, and landed first: `after` is not of that.
                return Landed(landed.number, self.outcome_at(request.branch, landed.number))
            self._outcomes.record(request.branch, landed.number, after)
            return Landed(landed.number, after)
        return self._refuse(request, operations, f"others landed first {ROUNDS_MAX} times")

    def outcome_at(self, branch: str, landing: int) -> CommandOutcome:
        """Return what the success command says of a landing; runs it if nobody did yet."""
        known = self._outcomes.find(branch, landing)
        if known is not None:
            return known
        _, outcome = self._workbench.run_clean(self._store.checkout(branch, landing))
        self._outcomes.record(branch, landing, outcome)
        return outcome

    def _merged_tree(self, branch: str, merged: Merged) -> Tree:
        tree = dict(self._store.checkout(branch, merged.head))
        for path, file in merged.changes.items():
            if file is None:
                tree.pop(path, None)
            else:
                tree[path] = file
        return tree

    def _refuse(
        self,
        request: Request,
        operations: Sequence[Operation],
        reason: str,
        outcome: CommandOutcome | None = None,
    ) -> Refused:
        self._store.fail(request.attempt_id, operations, reason)
        return Refused(reason, outcome)


def _conflict_reason(conflict: Conflict) -> str:
    first = conflict.clashes[0]
    return f"it conflicts with landing {conflict.head} in {first.path} ({first.kind.value})"
