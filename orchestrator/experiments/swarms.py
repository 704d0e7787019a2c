"""Swarms launched, waited for and stopped from several threads.

The wait for the end of a swarm is on its own state in the shared space, then on its reports. The
first is a `retry` that the swarm's last transaction wakes; now and then it is broken off
to take the refill's steps, so that a run ends where no refill runs as well.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select

from orchestrator.experiments.overhead import CLAIM
from orchestrator.launch.iterative import launch_ready
from orchestrator.launch.orders import count_in_flight
from orchestrator.launch.parts import Parts
from orchestrator.launch.refill import OUTAGES, step_swarm
from orchestrator.launch.stop import stop
from orchestrator.settings import OrchestratorSettings
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.stm import Statistics, Stm, TransactionTimeoutError, check
from tasks_schema.kinds import SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.tables.swarms import SWARMS

_PATIENCE_SECONDS = 2.0
"""Without news for so long, the refill's steps are taken here."""
_REPORT_SECONDS = 0.03
"""How often Postgres is asked for the last reports: the flush tells nobody when it has written."""
_LEAVING_SECONDS_MAX = 60.0
"""How long the last reports of a swarm are waited for whose figures do not count anyway."""
_OUTAGE_SECONDS_MAX = 60.0

VALID = (SwarmStatus.SUCCEEDED, SwarmStatus.EXHAUSTED)
"""How a swarm ends whose figures count."""

T = TypeVar("T")


class Swarms:
    """Launches, waits for and stops swarms, from several threads at once."""

    def __init__(self, parts: Parts) -> None:
        """Share the parts, whose spaces are used by one thread at a time."""
        self._parts = parts
        self._lock = threading.Lock()

    def launch(self, spec: SwarmSpec) -> None:
        """Record a swarm and let its turns be handed out."""
        with self._lock:
            launch_ready(spec, self._parts)

    def until_settled(self, swarm_id: str) -> tuple[SwarmStatus, str]:
        """Block until a swarm has ended and all that was sent is reported.

        Returns:
            Its status and the reason, as Postgres has them; `failed` if attempts are missing though
            it was waited for longer than a lost one takes to come back.
        """
        stm = Stm.connect(self._parts.settings.require_redis_url(), swarm_id)
        try:
            self._wait_ended(stm, swarm_id)
        finally:
            stm.close()
        return self._wait_reported(swarm_id)

    def statistics(self, swarm_id: str) -> Statistics:
        """Return what the transactions of the agents of a swarm have cost.

        Other processes look at the space as well, such as the refill: those never claim a turn.
        """
        stm = Stm.connect(self._parts.settings.require_redis_url(), swarm_id)
        try:
            published = stm.published_statistics().values()
            return Statistics.together(each for each in published if _is_of_agents(each))
        finally:
            stm.close()

    def stop(self, swarm_id: str, reason: str) -> None:
        """Stop a swarm, if it has not ended."""
        with self._lock:
            stop(self._parts, swarm_id, reason)

    def _wait_ended(self, stm: Stm, swarm_id: str) -> None:
        shared = SharedState(stm)

        def wait() -> bool:
            try:
                return stm.atomically(_is_ended, shared, timeout_seconds=_PATIENCE_SECONDS)
            except TransactionTimeoutError:
                self._step(swarm_id)
                return False

        while not through_outages(wait):
            pass

    def _wait_reported(self, swarm_id: str) -> tuple[SwarmStatus, str]:
        began = time.monotonic()
        patience_seconds = recovery_seconds(self._parts.settings)
        step_at = began + _PATIENCE_SECONDS
        while True:
            status, reason, in_flight = through_outages(lambda: self._look(swarm_id))
            waited = time.monotonic() - began
            is_left = waited > _LEAVING_SECONDS_MAX and status not in VALID
            if status.is_final and (is_left or not in_flight):
                return status, reason
            if waited > patience_seconds:
                return SwarmStatus.FAILED, _missing(in_flight, patience_seconds)
            if time.monotonic() > step_at:
                through_outages(lambda: self._step(swarm_id))
                step_at = time.monotonic() + _PATIENCE_SECONDS
            time.sleep(_REPORT_SECONDS)  # noqa: TID251 - see the constant

    def _look(self, swarm_id: str) -> tuple[SwarmStatus, str, int]:
        query = select(SWARMS.c.status, SWARMS.c.reason).where(SWARMS.c.swarm_id == swarm_id)
        with self._parts.engine.begin() as connection:
            row = connection.execute(query).one()
            return SwarmStatus(row.status), row.reason, count_in_flight(connection, swarm_id)

    def _step(self, swarm_id: str) -> None:
        with self._lock:
            step_swarm(self._parts, swarm_id)


def recovery_seconds(settings: OrchestratorSettings) -> float:
    """Return how long a turn whose host was lost may take until it is reported.

    Its lease lapses; what was sent before that is dropped, so the next one after it counts, which
    may wait in the queue for as long as the attempts before it run.
    """
    return settings.lease_seconds + settings.resend_seconds + settings.attempt_seconds_max


def through_outages(action: Callable[[], T]) -> T:
    """Return what an action returns, tried again while a server is away, but not for ever."""
    deadline = time.monotonic() + _OUTAGE_SECONDS_MAX
    while True:
        try:
            return action()
        except OUTAGES:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PATIENCE_SECONDS)  # noqa: TID251 - nothing tells when a server is back


def _missing(in_flight: int, seconds: float) -> str:
    """Return why a run has no figures that came to its end without all that belongs to it."""
    if not in_flight:
        return f"its end was not recorded within {seconds:g} s"
    return f"{in_flight} attempts were not reported within {seconds:g} s of its end"


def _is_of_agents(statistics: Statistics) -> bool:
    return any(name.endswith(CLAIM) for name in statistics.sites)


def _is_ended(shared: SharedState) -> bool:
    check(shared.state.get().status.is_final)
    return True
