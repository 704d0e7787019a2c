"""A candidate becomes part of the head: merged, tested on the merged state, or refused.

One process at a time lands on a branch. It takes along the changes of others that wait meanwhile,
and one run of the success command then stands for all of them: see `settling`.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from swarm_workers.clock import Clock, RealClock
from swarm_workers.problems.code.batches import Queued
from swarm_workers.problems.code.merge_queue import MergeQueue
from swarm_workers.problems.code.outcome import CommandOutcome
from swarm_workers.problems.code.settling import Settling, Unsteady
from swarm_workers.problems.code.state_outcomes import StateOutcomes
from swarm_workers.protocols import TreeFile
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Change, Clash, Landing
from tasks_schema.ids import AttemptId
from tasks_schema.kinds import QueueState

WAIT_SECONDS: Final = 0.1
"""How often a change that waits is looked after."""


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
    gained: frozenset[str] = frozenset()
    """Tests that the changes are known to turn green on their base."""


@dataclass(frozen=True, slots=True)
class Landed:
    """It is part of the head."""

    landing: int
    head: int
    """The first landing from it on that was tested: that of the last change of its batch."""
    outcome: CommandOutcome
    """Of that one."""
    note: str = ""
    """What landed, for people: not what was asked for, if an earlier request of the attempt did."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not; operations that were queued are kept among the failed ones."""

    reason: str
    clashes: tuple[Clash, ...] = ()
    """Where it does not go together with the head: base, ours and theirs."""


class Lander:
    """Lands the changes of one process's attempts, and those of others that wait meanwhile."""

    def __init__(
        self,
        store: SourceStore,
        queue: MergeQueue,
        states: StateOutcomes,
        clock: Clock | None = None,
    ) -> None:
        """Hold the parts; nothing is read.

        Args:
            store: where the branches are.
            queue: where changes wait.
            states: runs the success command, and knows what it said.
            clock: to wait by; None means the machine's.
        """
        self._store = store
        self._queue = queue
        self._states = states
        self._clock = clock or RealClock()

    def land(self, request: Request, unsteady: Unsteady) -> Landed | Refused:
        """Queue changes and wait until they landed or were refused; most often land them here.

        Blocks: for one run of the success command if nobody else lands, else for others' runs too.

        Args:
            request: what is to land.
            unsteady: asked before anything lands here.

        Raises:
            InterruptedAttemptError: the attempt was told to end; its changes are withdrawn.
        """
        operations = self._store.propose(request.branch, request.base, request.changes)
        change = Change(request.base, operations, request.author, request.attempt_id, request.note)
        queued = Queued(change, request.gained, request.flaky)
        try:
            while (verdict := self._verdict(request.branch, queued)) is None:
                self._states.require_going_on()
                if not self._land_while_held(request, unsteady):
                    self._clock.sleep(WAIT_SECONDS)
        except BaseException:
            self._queue.withdraw(request.attempt_id)
            raise
        return verdict

    def outcome_at(self, branch: str, landing: int) -> CommandOutcome:
        """Return what the success command says of a landing; runs it if nobody did yet."""
        return self._states.outcome_at(branch, landing)

    def landing_before(self, attempt_id: AttemptId) -> Landing | None:
        """Return what an attempt landed, by another process perhaps; None if nothing.

        What it left waiting is taken out first: it lands no more after it was looked for. One that
        is being landed at this moment is waited for.
        """
        self._queue.withdraw(attempt_id)
        return self._store.landing_of_attempt(attempt_id)

    def landed(self, landing: Landing) -> Landed:
        """Return how a landing stands that was made before; runs the command if nobody did yet."""
        branch = landing.branch_id
        head = self._states.first_from(branch, landing.number)
        if head is None:
            head = self._store.head(branch).number
        outcome = self._states.outcome_at(branch, head)
        return Landed(landing.number, head, outcome, landing.note)

    def _land_while_held(self, request: Request, unsteady: Unsteady) -> bool:
        """Settle batches until the request is settled; return False if others are to be waited for.

        Those that wait meanwhile are settled with it, the longest waiting first.
        """
        with self._queue.hold(request.branch) as is_held:
            if not is_held:
                return False
            settling = Settling(self._store, self._queue, self._states, request.branch, unsteady)
            while self._is_open(request.attempt_id):
                if not settling.settle_next():
                    return False
        return True

    def _is_open(self, attempt_id: uuid.UUID) -> bool:
        state = self._queue.state(attempt_id)
        return state is not None and state[0] is not QueueState.REFUSED

    def _verdict(self, branch: str, queued: Queued) -> Landed | Refused | None:
        """Return what became of a change; None while it is open. Puts it where it is not yet."""
        attempt_id = queued.change.attempt_id
        state = self._queue.state(attempt_id)
        if state is not None:
            is_refused = state[0] is QueueState.REFUSED
            return Refused(state[1], self._store.clashes(attempt_id)) if is_refused else None
        landing = self._store.landing_of_attempt(attempt_id)
        if landing is not None:
            return self.landed(landing)
        if not queued.change.operations:
            return Refused("it changes nothing")
        self._queue.put(branch, queued)
        return None
