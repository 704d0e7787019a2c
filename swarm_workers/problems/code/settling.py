"""One batch of the merge queue, from being taken until each of its changes is settled.

The head passes every test that it passed before: a state lands only as it was tested, and a state
that was tested already is not tested again, which spares half of the runs when a batch is halved.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from swarm_workers.errors import SandboxError, SourceError
from swarm_workers.problems.code.batches import Queued, halves, idle, is_too_late
from swarm_workers.problems.code.merge_queue import MergeQueue, refuse, take_out
from swarm_workers.problems.code.outcome import CommandOutcome, why_not_better
from swarm_workers.problems.code.state_outcomes import StateOutcomes
from swarm_workers.problems.code.workbench import InterruptedAttemptError
from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Change, Clash, Conflict, HeadMoved, Joined
from tasks_schema.messages.source import Operation

ROUNDS_MAX: Final = 8
"""How often a batch is joined again because the head moved, before others get their turn."""
SHOWN_MAX: Final = 60
"""Letters of each side of a conflict that its reason shows; the table of clashes has all of it."""

Unsteady = Callable[[frozenset[str]], str]
"""Given tests that turned green, says why they cannot be trusted; empty if they can."""


class Settling:
    """Settles one batch after another on a branch that this process holds."""

    def __init__(
        self,
        store: SourceStore,
        queue: MergeQueue,
        states: StateOutcomes,
        branch: str,
        unsteady: Unsteady,
    ) -> None:
        """Hold the parts; nothing is taken.

        Args:
            store: where the branch is.
            queue: where its changes wait.
            states: runs the success command, and knows what it said.
            branch: held by this process.
            unsteady: asked before anything lands.
        """
        self._store = store
        self._queue = queue
        self._states = states
        self._branch = branch
        self._unsteady = unsteady
        self._batch = uuid.UUID(int=0)

    def settle_next(self) -> bool:
        """Take the next batch and settle it; return False if nothing waits.

        What is left of it if this raises waits again.

        Raises:
            InterruptedAttemptError: the attempt was told to end.
        """
        head = self._store.head(self._branch).number
        self._batch = uuid.uuid4()
        red = self._states.outcome_at(self._branch, head).red
        taken = self._queue.take(self._branch, self._batch, red)
        parts = [taken] if taken else []
        try:
            while parts:
                parts += reversed(self._settle(parts.pop()))
        finally:
            if taken:
                self._queue.hand_back(self._batch)
        return bool(taken)

    def _settle(self, part: Sequence[Queued]) -> list[list[Queued]]:
        """Settle changes, or return them in the parts that are to be settled one by one."""
        for _ in range(ROUNDS_MAX):
            taken = self._queue.still_taken(self._batch)
            part = [each for each in part if each.change.attempt_id in taken]
            if not part:
                return []
            try:
                joined = self._store.join(self._branch, [each.change for each in part])
            except SourceError as error:  # one of them is at fault, and not whoever lands them
                return self._on_failure(part, str(error))
            before = self._states.outcome_at(self._branch, joined.head)
            fitting = self._sort_out(part, joined, before)
            if len(fitting) < _joined_count(joined):
                continue  # what was sorted out for another reason is in the joined state still
            if not fitting:
                return []
            apart = self._try(fitting, joined, before)
            if apart is not None:
                return apart
        return []

    def _sort_out(
        self, part: Sequence[Queued], joined: Joined, before: CommandOutcome
    ) -> list[tuple[Queued, Change]]:
        """Refuse what cannot land, hand back what cannot land in this batch; return the others."""
        fitting: list[tuple[Queued, Change]] = []
        for queued, found in zip(part, joined.parts, strict=True):
            if isinstance(found, Conflict):
                self._on_conflict(queued, found)
            elif not found:
                self._refuse(queued, "the head has it already")
            elif is_too_late(queued, before.red):
                self._refuse(queued, "all that it turns green is green on the head already")
            else:
                fitting.append((queued, _with(queued.change, found)))
        return fitting

    def _try(
        self, fitting: Sequence[tuple[Queued, Change]], joined: Joined, before: CommandOutcome
    ) -> list[list[Queued]] | None:
        """Test the joined state and land it; return the parts it has to fall into, if it fails.

        None means that the head moved, or that a change was withdrawn: join again.
        """
        part = [queued for queued, _ in fitting]
        tree = _with_changes(self._store.checkout(self._branch, joined.head), joined.changes)
        try:
            after = self._states.outcome_of(tree)
        except InterruptedAttemptError:
            raise
        except SandboxError as error:
            return self._on_failure(part, f"it breaks the sandbox: {error}")
        flaky = frozenset().union(*(each.flaky for each in part))
        turned_green = before.red - after.red - flaky
        reason = why_not_better(before, after, flaky)
        without_effect = idle(part, turned_green) if reason is None and len(part) > 1 else []
        if without_effect:
            return _told_apart(part, without_effect)
        reason = reason or self._unsteady(turned_green or before.red - after.red)
        if reason:
            return self._on_failure(part, reason)
        return self._land(fitting, joined.head, after)

    def _land(
        self, fitting: Sequence[tuple[Queued, Change]], head: int, after: CommandOutcome
    ) -> list[list[Queued]] | None:
        changes = [change for _, change in fitting]
        ids = [change.attempt_id for change in changes]

        def is_wanted(connection: Connection) -> bool:
            return take_out(connection, self._batch, ids)

        try:
            landed = self._store.land_all(
                self._branch,
                expected_head=head,
                changes=changes,
                exit_status=after.exit_status,
                is_wanted=is_wanted,
            )
        except SourceError as error:
            return self._on_failure([queued for queued, _ in fitting], str(error))
        if isinstance(landed, HeadMoved):
            return None
        if landed[-1].number == head + len(changes):
            self._states.record(self._branch, landed[-1].number, after)
        return []

    def _on_failure(self, part: Sequence[Queued], reason: str) -> list[list[Queued]]:
        if len(part) > 1:
            return halves(part)
        self._refuse(part[0], reason)
        return []

    def _on_conflict(self, queued: Queued, conflict: Conflict) -> None:
        attempt_id = queued.change.attempt_id
        if not conflict.is_with_head:
            self._queue.hand_back(self._batch, attempt_id)
            return
        self._refuse(queued, _conflict_reason(conflict), conflict.clashes)

    def _refuse(self, queued: Queued, reason: str, clashes: Sequence[Clash] = ()) -> None:
        """Keep the operations among the failed ones, and tell whoever waits: both or neither.

        Nothing is kept of a change that was withdrawn meanwhile: it may be asked for anew.
        """
        attempt_id = queued.change.attempt_id

        def is_refused(connection: Connection) -> bool:
            return refuse(connection, self._batch, attempt_id, reason)

        self._store.fail(attempt_id, queued.change.operations, reason, clashes, is_refused)


def _with(change: Change, operations: tuple[Operation, ...]) -> Change:
    return Change(change.base, operations, change.author, change.attempt_id, change.note)


def _joined_count(joined: Joined) -> int:
    return sum(not isinstance(each, Conflict) and bool(each) for each in joined.parts)


def _told_apart(part: Sequence[Queued], some: Sequence[Queued]) -> list[list[Queued]]:
    """Return the others of a part, and then these: one of the two may land, and be tested alone."""
    others = [each for each in part if each not in some]
    return [others, list(some)] if others else halves(part)


def _with_changes(tree: Tree, changes: Mapping[str, TreeFile | None]) -> Tree:
    after = {**tree, **changes}
    return {path: file for path, file in after.items() if file is not None}


def _conflict_reason(conflict: Conflict) -> str:
    first = conflict.clashes[0]
    more = len(conflict.clashes) - 1
    return (
        f"it conflicts with landing {conflict.head} in {first.path} ({first.kind.value}): "
        f"{_short(first.base)} became {_short(first.ours)} here and {_short(first.theirs)} there"
        + (f", and {more} more" if more else "")
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        return "nothing"
    return f"`{words if len(words) <= SHOWN_MAX else words[: SHOWN_MAX - 3] + '...'}`"
