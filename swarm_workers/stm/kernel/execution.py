"""All runs of one transaction, from the call of `atomically` to its value.

Blocking: a body that retries is woken by a change, not by asking. The first retry only runs the
body once more, this time with the server told to report changes to what it reads, so no change can
fall between the reading and the waiting. Code that blocked the last time has the server told from
its first read on.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from swarm_workers.stm.engines.seam import Session
from swarm_workers.stm.errors import (
    MissSignal,
    RestartSignal,
    RetrySignal,
    StmUsageError,
    is_without_effect,
)
from swarm_workers.stm.kernel.contention import gate_seconds
from swarm_workers.stm.kernel.foresight import Call
from swarm_workers.stm.kernel.statistics import Stopwatch
from swarm_workers.stm.kernel.transaction import CURRENT, Space, Transaction
from swarm_workers.stm.questions import Effect, Proposal, Query, Reply, RunPlan
from swarm_workers.stm.waiting import Deadline

if TYPE_CHECKING:
    from swarm_workers.stm.kernel.kernel import Local, Protect

T = TypeVar("T")

_PLAIN_PLANS = (RunPlan(is_watched=False), RunPlan(is_watched=True))
"""Of a run that nothing is known to stand in the way of."""


class Execution(Generic[T]):
    """One use of `atomically`."""

    def __init__(
        self, space: Space, session: Session, call: Call, deadline: Deadline, local: "Local"
    ) -> None:
        """Nothing has run yet."""
        self.extra: Callable[[], Sequence[Effect]] = tuple
        """Returns effects of the library's own, to ride along with the commit."""
        self.cancellation: BaseException | None = None
        """What wanted to cancel the transaction when it was too late."""
        self._space = space
        self._session = session
        self._call = call
        self._deadline = deadline
        self._local = local
        self._site = local.sites.of(call)
        self._stopwatch = Stopwatch(session.meter)
        self._transaction = Transaction(space, session)
        """The latest run."""
        self._foreseen: Sequence[Query] = self._site.foretell(call.handles)
        self._lost: dict[Query, Reply] = {}
        """What the run before had read, if it could not commit."""
        self._conflicts = 0
        self._plan = RunPlan()
        """Of the latest run."""
        self._is_listening = self._site.has_blocked
        self._has_blocked = False
        self._is_committing = False
        self._has_committed = False

    async def run(self, body: Callable[[], T], protect: "Protect") -> T:
        """Return the value of the first run that holds.

        Args:
            body: to run.
            protect: awaits a commit to its end.
        """
        while True:
            if self._deadline.is_over:
                runs = self._stopwatch.spent.runs
                self._deadline.check(f"others changed what it read ({runs} runs)")
            if self._stopwatch.spent.runs:
                self._transaction = Transaction(self._space, self._session)
            try:
                value = await self._run_once(body)
                if await self._commit(protect):
                    self._has_committed = True
                    return value
                self._note_vain_run(lost=self._transaction.journal.observed)
            except RetrySignal:
                await self._block()
            except RestartSignal:
                self._is_committing = False
                self._note_vain_run(lost={})

    @property
    def on_commit(self) -> list[Callable[[], object]]:
        """What is to be called now that it has committed."""
        return self._transaction.journal.on_commit

    def on_abort(self, error: BaseException) -> list[Callable[[], object]]:
        """Return what is to be called; nothing where the commit may have taken place."""
        is_known = not self._is_committing or is_without_effect(error)
        return self._transaction.journal.on_abort if is_known else []

    def close(self) -> None:
        """Leave nothing behind, and write down what it cost."""
        # Once more: a signal handler may have raised in the very moment of leaving a run, and what
        # comes next in this thread would join a transaction that is over.
        CURRENT.set(None)
        self._stopwatch.end_run(time.perf_counter(), held=True)
        self._site.is_long = self._stopwatch.is_long
        if self._plan.gate_seconds:
            self._local.hot_keys.note_gate(self._stopwatch.run_seconds, time.monotonic())
        spent = self._stopwatch.total()
        spent.commits, spent.failures = int(self._has_committed), int(not self._has_committed)
        self._local.recorder.note(self._site.name, spent)
        self._local.hot_keys.flight_seconds = self._session.meter.flight_seconds
        self._site.has_blocked = self._has_blocked
        is_smooth = self._has_committed and not self._conflicts
        self._local.sites.note_end(self._call, time.monotonic(), is_smooth=is_smooth)

    async def _run_once(self, body: Callable[[], T]) -> T:
        self._stopwatch.begin_run(time.perf_counter())
        self._plan = self._make_plan()
        self._session.begin(self._plan)
        await self._prefetch(self._plan)
        try:
            value = await self._finish(body)
        except (Exception, RetrySignal):
            self._learn()
            await self._transaction.validate()
            raise
        self._learn()
        # Of a run that gave up, or waits for work, nobody knows what it would have written.
        self._site.note_writes(has_written=bool(self._transaction.journal.writes))
        return value

    def _make_plan(self) -> RunPlan:
        is_watched, now = self._site.may_write or self._conflicts > 0, time.monotonic()
        hot_keys = self._local.hot_keys
        is_calm = hot_keys.is_calm(now)
        if is_calm and not self._conflicts and not self._is_listening:
            return _PLAIN_PLANS[is_watched]
        gate = self._gate_seconds() if hot_keys.may_close_gate(now) else 0.0
        # Who waits for work waits there; and a long run would hold its tokens for all that time.
        is_apart = self._is_listening or self._site.is_long
        if is_calm or gate or is_apart or not is_watched:
            return RunPlan(is_watched, gate_seconds=gate, is_listening=self._is_listening)
        tokens = hot_keys.tokens({query.key for query in self._foreseen}, now)
        seconds = self._deadline.at_most(hot_keys.token_seconds(tokens)) if tokens else 0.0
        return RunPlan(is_watched, tokens, seconds, is_wary=True)

    def _gate_seconds(self) -> float:
        latest = self._stopwatch
        return gate_seconds(self._conflicts, run_seconds=latest.run_seconds, is_long=latest.is_long)

    async def _prefetch(self, plan: RunPlan) -> None:
        """Read what the body is going to read; take the tokens along."""
        transaction, meter = self._transaction, self._session.meter
        is_free = not (plan.tokens or plan.gate_seconds or plan.is_listening)
        if is_free and (found := self._session.take_carried(self._foreseen)):
            transaction.believe(found)
            return
        queued, vain_waits = meter.queue_seconds, meter.vain_waits
        await transaction.fetch(self._foreseen)
        if plan.is_wary and self._heed_contention():
            raise RestartSignal  # others queue for what it reads: it would disturb them, in vain
        now = time.monotonic()
        if plan.tokens and meter.vain_waits == vain_waits:
            waited = meter.queue_seconds - queued
            is_queue = waited > meter.flight_seconds / 2
            self._local.hot_keys.note_wait(plan.tokens, waited if is_queue else 0.0, now)
        if self._lost:
            lost, self._lost = self._lost, {}
            observed = transaction.journal.observed
            both = [query for query in lost if query in observed and query.kind != "PEEK"]
            changed = {query.key: None for query in both if lost[query] != observed[query]}
            self._blame(tuple(changed), now)

    async def _finish(self, body: Callable[[], T]) -> T:
        """Run the body; where it cannot wait for an answer, again from its start."""
        while True:
            try:
                return self._call_body(body)
            except MissSignal:
                journal = self._transaction.journal
                self._transaction.replay()
                await self._transaction.fetch(list(journal.asked))

    def _call_body(self, body: Callable[[], T]) -> T:
        transaction = self._transaction
        try:
            CURRENT.set(transaction)
            value = body()
        except BaseException:
            transaction.check_alive()
            raise
        finally:
            CURRENT.set(None)
        transaction.check_alive()
        return value

    def _learn(self) -> None:
        journal = self._transaction.journal
        self._foreseen = journal.to_foretell()
        self._site.learn(self._call.handles, self._foreseen)

    async def _commit(self, protect: "Protect") -> bool:
        journal = self._transaction.journal
        effects = journal.effects()
        if not effects:
            await self._transaction.validate()
            return True
        carried = tuple(self._foreseen) if self._is_to_carry() else ()
        proposal = Proposal((*effects, *self.extra()), journal.relied_on(), carried)
        self._is_committing = True
        is_committed, self.cancellation = await protect(self._session.commit(proposal))
        self._is_committing = False
        if self.cancellation is not None and not is_committed:
            raise self.cancellation
        self._heed_contention()
        return is_committed

    def _is_to_carry(self) -> bool:
        is_free = not (self._conflicts or self._is_listening or self._plan.tokens)
        return is_free and self._local.sites.is_repeating(self._call)

    def _heed_contention(self) -> bool:
        """Remember what others queue for; say whether there is any."""
        contended = self._session.take_contended()
        if contended:
            self._local.hot_keys.note_conflict(contended, time.monotonic())
        return bool(contended)

    def _note_vain_run(self, lost: dict[Query, Reply]) -> None:
        """A run has to be repeated: others have changed what it read, or it was held up.

        Args:
            lost: what it had read, if its commit was refused.
        """
        self._stopwatch.end_run(time.perf_counter(), held=False)
        # Who was only stopped at the gate, or cut off, has not met anybody's changes: to count
        # that as a conflict would have it close the gate in turn, and the next one after it.
        self._conflicts += bool(lost or self._transaction.changed)
        self._lost = dict(lost)
        self._blame(self._transaction.changed, time.monotonic())
        asked = self._transaction.journal.to_foretell()
        self._foreseen = tuple(dict.fromkeys([*asked, *self._foreseen]))

    def _blame(self, keys: tuple[str, ...], now: float) -> None:
        if keys:
            self._stopwatch.note_abort(keys)
            self._local.hot_keys.note_conflict(keys, now)

    async def _block(self) -> None:
        """Wait for a change to what was read, or only begin to listen."""
        keys = self._transaction.journal.watched_keys()
        if not keys:
            raise StmUsageError("retry() before anything was read would wait for ever")
        self._stopwatch.end_run(time.perf_counter(), held=False, blocks=True)
        self._has_blocked = True
        try:
            await self._session.release()
            if not self._is_listening:
                self._is_listening = True
                return
            is_woken = await self._session.wait(keys, self._deadline.remaining_seconds())
        except RestartSignal:
            return  # what it listened on is gone, so it has to look for itself
        if not is_woken:
            self._deadline.check(f"nothing of what it waits for changed: {_shown(keys)}")


def _shown(keys: frozenset[str]) -> str:
    first = sorted(keys)[:3]
    return ", ".join(first) + (f" and {len(keys) - len(first)} more" if len(keys) > 3 else "")
