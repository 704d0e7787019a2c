"""The lease of a turn: claimed in one transaction, renewed while the work runs, ended once.

The broker delivers at least once; this is where a second delivery is dropped. The claim reads the
swarm's state and its budget in the same transaction, so that nothing starts after a stop.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from swarm_workers.attempt.holder import is_known_dead, this_holder
from swarm_workers.attempt.lifecycle import Claim, Verdict, judge, leased
from swarm_workers.clock import Clock
from swarm_workers.coordination.records import TurnRecord
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.protocols import Findings
from swarm_workers.settings import Settings
from swarm_workers.stm import StmError, TVar
from tasks_schema.messages.attempt import AttemptOrder, AttemptReport

_LOG = logging.getLogger(__name__)
Settle = Callable[[], Findings]
"""Tells the others what a turn has learned, and returns its findings."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to a claim."""

    verdict: Verdict
    is_swarm_over: bool
    """True if the swarm ended before this turn could start: nothing may run."""


class Lease:
    """The lease of one agent's turn, as one process claims, renews and ends it."""

    def __init__(
        self, shared: SharedState, order: AttemptOrder, settings: Settings, clock: Clock
    ) -> None:
        """Name the lease; nothing is claimed yet."""
        self._shared = shared
        self._order = order
        self._settings = settings
        self._clock = clock
        self._holder = this_holder()
        self._record = shared.turn(order.agent)

    @property
    def holder(self) -> str:
        """Who this process is: `host/pid/start`."""
        return self._holder

    def claim(self) -> Grant:
        """Ask for the lease, in one transaction."""
        return self._shared.stm.atomically(self._claim, self._record)

    @contextmanager
    def renewed(self, on_over: Callable[[], None]) -> Iterator[Callable[[], bool]]:
        """Renew the lease in a thread while the block runs.

        Args:
            on_over: called in that thread, at each look, once the swarm is over or the lease lost.

        Yields:
            A function that says, without a round trip, whether the swarm is over or the lease lost.
        """
        ended, over = threading.Event(), threading.Event()
        thread = threading.Thread(target=self._renew, args=(ended, over, on_over), daemon=True)
        thread.start()
        try:
            yield over.is_set
        finally:
            ended.set()
            thread.join()

    def finish(self, report: AttemptReport, settle: Settle | None = None) -> bool:
        """End the turn and send its report, in one transaction; say whether it was ours to end.

        Args:
            report: of the turn.
            settle: runs in that transaction, and returns the findings of the report.
        """
        self._shared.stm.publish_soon()
        return self._shared.stm.atomically(self._finish, self._record, report, settle)

    def _claim(self, lease: TVar[TurnRecord]) -> Grant:
        record = lease.get()
        is_over = self._shared.state.get().status.is_final
        claim = Claim(
            turn=self._order.turn,
            holder=self._holder,
            now=self._clock.now().timestamp(),
            lease_seconds=self._settings.lease_seconds,
            deliveries_max=self._settings.deliveries_max,
        )
        verdict = judge(record, claim, is_holder_dead=is_known_dead(record.holder))
        if verdict is not Verdict.DROP:
            lease.set(leased(record, claim))
        return Grant(verdict, is_over)

    def _finish(
        self, lease: TVar[TurnRecord], report: AttemptReport, settle: Settle | None
    ) -> bool:
        record = lease.get()
        if not self._is_ours(record) or record.is_done:
            return False
        lease.set(replace(record, is_done=True))
        if settle is not None:
            report = report.with_findings(settle())
        self._shared.outbox.append(report.model_dump_json())
        return True

    def _is_ours(self, record: TurnRecord) -> bool:
        return record.turn == self._order.turn and record.holder == self._holder

    def _renew(
        self, ended: threading.Event, over: threading.Event, on_over: Callable[[], None]
    ) -> None:
        """Look often whether the swarm is over; extend the lease when it is due."""
        due = self._clock.monotonic() + self._settings.lease_renew_seconds
        while not ended.wait(self._settings.stop_poll_seconds):
            is_due = self._clock.monotonic() >= due
            try:
                if not self._shared.stm.atomically(self._beat, self._record, is_due):
                    over.set()
                    on_over()
            except StmError as error:
                _LOG.warning("lease of %s was not renewed: %s", self._order.agent, error)
                continue
            if is_due:
                due = self._clock.monotonic() + self._settings.lease_renew_seconds

    def _beat(self, lease: TVar[TurnRecord], is_due: bool) -> bool:  # noqa: FBT001 - positional through atomically
        record = lease.get()
        if is_due and self._is_ours(record):
            until = self._clock.now().timestamp() + self._settings.lease_seconds
            lease.set(replace(record, until=until))
        is_running = not self._shared.state.get().status.is_final
        return is_running and self._is_ours(record)
