"""The loop that keeps a bounded number of attempts in flight, and settles swarms that ended.

It holds no state of its own: any number of them may run, and any may be killed at any time. A row
lock on the swarm lets one of them at a time take a step.

Run as `python -m orchestrator.launch.refill`.
"""

import logging
import signal
import threading
from datetime import datetime, timedelta
from types import FrameType
from typing import cast

import redis
from sqlalchemy import Connection, RowMapping, Select, and_, func, or_, select, update
from sqlalchemy.exc import OperationalError

from orchestrator.launch.capacity import live_slots
from orchestrator.launch.enqueue import enqueue
from orchestrator.launch.orders import (
    Standing,
    baseline_order,
    count_in_flight,
    last_baseline,
    next_orders,
    operations_spent,
    overdue,
    record_sent,
    standing_of,
)
from orchestrator.launch.parts import Parts, connect
from orchestrator.settings import OrchestratorSettings
from swarm_workers.clock import RealClock
from swarm_workers.coordination.records import SwarmState
from swarm_workers.coordination.wake import take_hints
from swarm_workers.errors import ServiceUnreachableError
from swarm_workers.source.tree_files import storable
from swarm_workers.stm import StmUnavailableError
from tasks_schema.kinds import AttemptStatus, SwarmStatus
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.names import KEY_ACTIVE_SWARMS, KEY_WAKE
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS

_LOG = logging.getLogger(__name__)
OUTAGES = (OperationalError, StmUnavailableError, redis.RedisError, ServiceUnreachableError)
"""What a step raises while a server is away."""
LEFTOVERS_DAYS = 1
"""For how long after its end a swarm is looked at for attempts that were never reported."""
BLPOP_SECONDS_MAX = 5
"""The longest that Redis is asked to hold back an answer: less than a connection waits for one."""
LOOK_SECONDS_MAX = 1.0
"""The longest that hints at some swarms keep the loop from a look at all."""
FAILURES_IN_A_ROW_MAX = 6
"""So many attempts that all failed end a swarm: the next would fail too."""


def step(parts: Parts) -> int:
    """Take one step for each swarm that is not settled; return how many have not ended.

    Blocks for a few queries a swarm. A swarm that another loop is at is passed over.
    """
    with parts.engine.begin() as connection:
        rows = connection.execute(_unsettled()).all()
    for row in rows:
        _step_apart(parts, row.swarm_id)
    _retire(parts, {row.swarm_id for row in rows})
    return sum(row.ended_at is None for row in rows)


def _unsettled() -> Select[tuple[str, datetime | None]]:
    """Return the query for swarms that live, or ended lately and lack reports."""
    sent = select(ATTEMPTS.c.attempt_id).where(
        ATTEMPTS.c.swarm_id == SWARMS.c.swarm_id, ATTEMPTS.c.status == AttemptStatus.SENT
    )
    is_live = SWARMS.c.status.in_([SwarmStatus.PENDING, SwarmStatus.RUNNING])
    is_recent = SWARMS.c.ended_at > func.now() - timedelta(days=LEFTOVERS_DAYS)
    return select(SWARMS.c.swarm_id, SWARMS.c.ended_at).where(
        or_(is_live, and_(is_recent, sent.exists()))
    )


def _step_apart(parts: Parts, swarm_id: str, *, is_hinted: bool = False) -> None:
    """Take one step for one swarm; what is wrong with it alone is logged, and holds up no other."""
    try:
        step_swarm(parts, swarm_id, is_hinted=is_hinted)
    except OUTAGES:
        raise
    except Exception:  # noqa: BLE001 - logged with its trace, and tried again at the next step
        _LOG.exception("swarm %s cannot be taken further", swarm_id)


def _retire(parts: Parts, live: set[str]) -> None:
    """Take swarms off the flush's list that have ended and whose attempts are all reported.

    A swarm that is listed and has no row yet is being launched at this moment: it stays.
    """
    listed = cast("set[bytes]", parts.client.smembers(KEY_ACTIVE_SWARMS))
    others = {name.decode() for name in listed} - live
    if not others:
        return
    ended = select(SWARMS.c.swarm_id).where(
        SWARMS.c.swarm_id.in_(others), SWARMS.c.ended_at.is_not(None)
    )
    with parts.engine.begin() as connection:
        names = list(connection.execute(ended).scalars())
        done = [name for name in names if count_in_flight(connection, name) == 0]
    if done:
        parts.client.srem(KEY_ACTIVE_SWARMS, *done)


def step_swarm(parts: Parts, swarm_id: str, *, is_hinted: bool = False) -> None:
    """Take one step for one swarm: settle it, or hand out what it lacks.

    Args:
        parts: connections.
        swarm_id: of the swarm.
        is_hinted: True to leave out what is done about attempts that are lost or fail: there will
            be a look at that soon.
    """
    with parts.engine.begin() as connection:
        row = _locked(connection, swarm_id)
        orders = [] if row is None else _advance(parts, connection, row, is_hinted=is_hinted)
    if orders:
        parts.client.sadd(KEY_ACTIVE_SWARMS, swarm_id)  # again: Redis may have lost it
        enqueue(orders)  # after the commit: a crash between leaves rows that `overdue` finds


def _locked(connection: Connection, swarm_id: str) -> RowMapping | None:
    age = func.extract("epoch", func.now() - SWARMS.c.launched_at).label("age_seconds")
    query = (
        select(SWARMS.c.swarm_id, SWARMS.c.spec, SWARMS.c.status, SWARMS.c.reason, age)
        .where(SWARMS.c.swarm_id == swarm_id)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return connection.execute(query).mappings().one_or_none()


def _advance(
    parts: Parts, connection: Connection, row: RowMapping, *, is_hinted: bool
) -> list[AttemptOrder]:
    if SwarmStatus(row["status"]).is_final:
        return _leftovers(parts, connection, row)
    spec = SwarmSpec.model_validate(row["spec"])
    state = _state(parts, spec, float(row["age_seconds"]))
    patience_seconds = parts.settings.resend_seconds
    if row["status"] == SwarmStatus.RUNNING and state.status is SwarmStatus.PENDING:
        patience_seconds = 0  # what was sent is lost with the space
        state = _restore(parts, connection, spec)
    if state.status != row["status"]:
        _write_status(connection, spec.swarm_id, state)
    if state.status.is_final:
        return []
    is_measured = state.status is SwarmStatus.RUNNING
    standing = standing_of(connection, spec)
    if is_measured and standing.is_spent(spec):
        _exhaust(parts, connection, spec)
        return []
    if is_hinted and is_measured:
        return _top_up(parts, connection, spec, standing)
    reason = _hopeless(connection, spec.swarm_id, FAILURES_IN_A_ROW_MAX if is_measured else 1)
    if reason:
        shared = parts.spaces.shared(spec.swarm_id)
        shared.stm.atomically(shared.end, SwarmStatus.FAILED, reason)
        return []
    resend = overdue(connection, spec.swarm_id, patience_seconds)
    more = (
        _top_up(parts, connection, spec, standing)
        if is_measured
        else _first(parts, connection, spec)
    )
    return [*resend, *more]


def _leftovers(parts: Parts, connection: Connection, row: RowMapping) -> list[AttemptOrder]:
    """Return what was sent for a swarm that has ended and is long overdue: to be cancelled there.

    A space that Redis lost is told first that the swarm has ended, so that nothing runs.
    """
    swarm_id: str = row["swarm_id"]
    shared = parts.spaces.shared(swarm_id)
    shared.stm.atomically(shared.end, SwarmStatus(row["status"]), row["reason"])
    return overdue(connection, swarm_id, parts.settings.resend_seconds)


def _state(parts: Parts, spec: SwarmSpec, age_seconds: float) -> SwarmState:
    """Return the swarm's state, ending it first if its time is over."""
    shared = parts.spaces.shared(spec.swarm_id)
    limit = spec.task.budget.seconds
    if limit and age_seconds >= limit:
        shared.stm.atomically(shared.end, SwarmStatus.TIMED_OUT, f"its {limit:g} s are over")
    return shared.stm.atomically(shared.state.get)


def _restore(parts: Parts, connection: Connection, spec: SwarmSpec) -> SwarmState:
    """Rebuild the space of a running swarm after Redis lost it, from what Postgres knows.

    What is lost with the space is which candidates were tried; they are tried again.
    """
    _LOG.warning("the space of %s is gone and is rebuilt from Postgres", spec.swarm_id)
    left = spec.task.budget.operations - operations_spent(connection, spec.swarm_id)
    shared = parts.spaces.shared(spec.swarm_id)

    def body() -> SwarmState:
        if shared.state.get().status is SwarmStatus.PENDING:
            shared.begin(max(0, left))
        return shared.state.get()

    parts.client.sadd(KEY_ACTIVE_SWARMS, spec.swarm_id)
    return shared.stm.atomically(body)


def _first(parts: Parts, connection: Connection, spec: SwarmSpec) -> list[AttemptOrder]:
    """Return the order that measures the code as it is, unless that is under way.

    It is sent anew if it was broken off, or if Redis lost what it had found.
    """
    last = last_baseline(connection, spec.swarm_id)
    if last is not None and last.status == AttemptStatus.SENT:
        return []
    shared = parts.spaces.shared(spec.swarm_id)
    # What a baseline finds is in the space before it is reported: a look after that tells.
    if (
        last is not None
        and shared.stm.atomically(shared.state.get).status is not SwarmStatus.PENDING
    ):
        return []
    orders = [baseline_order(spec, 0 if last is None else last.turn + 1)]
    record_sent(connection, orders)
    return orders


def _exhaust(parts: Parts, connection: Connection, spec: SwarmSpec) -> None:
    """End a swarm whose agents have had all their turns, unless it has just ended otherwise."""
    shared = parts.spaces.shared(spec.swarm_id)
    shared.stm.atomically(shared.end, SwarmStatus.EXHAUSTED, "all turns are taken")
    _write_status(connection, spec.swarm_id, shared.stm.atomically(shared.state.get))


def _top_up(
    parts: Parts, connection: Connection, spec: SwarmSpec, standing: Standing
) -> list[AttemptOrder]:
    slots = live_slots(parts.client) or parts.settings.slots_assumed
    wanted = min(spec.agents, slots * parts.settings.attempts_per_slot)
    missing = wanted - standing.in_flight
    if missing <= 0:
        return []
    orders = next_orders(connection, spec, missing, standing)
    record_sent(connection, orders)
    return orders


def _hopeless(connection: Connection, swarm_id: str, failures: int) -> str:
    """Return why the swarm cannot go on after so many failures in a row; empty if it can.

    Before it runs, one is enough: the code as it is is measured once, or not at all.
    """
    query = (
        select(ATTEMPTS.c.status, ATTEMPTS.c.reason)
        .where(ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.reported_at.is_not(None))
        .order_by(ATTEMPTS.c.reported_at.desc())
        .limit(failures)
    )
    last = connection.execute(query).all()
    bad = (AttemptStatus.FAILED, AttemptStatus.DEAD)
    if len(last) < failures or any(row.status not in bad for row in last):
        return ""
    if failures == 1:
        return f"the code as it is could not be measured: {last[0].reason}"
    return f"{failures} attempts failed one after another: {last[0].reason}"


def _write_status(connection: Connection, swarm_id: str, state: SwarmState) -> None:
    ended = {"ended_at": func.now()} if state.status.is_final else {}
    connection.execute(
        update(SWARMS)
        .where(SWARMS.c.swarm_id == swarm_id)
        .values(status=state.status, reason=storable(state.reason), **ended)
    )


def run_forever(parts: Parts, stop: threading.Event) -> None:
    """Take steps until told to stop; waits longer after a failure of Redis or Postgres.

    Swarms that somebody hinted at are looked at at once, all others every now and then.
    """
    clock = RealClock()
    pause, due = parts.settings.refill_seconds, 0.0
    while not stop.is_set():
        try:
            hinted = take_hints(parts.client, KEY_WAKE, min(pause, BLPOP_SECONDS_MAX))
            if hinted and clock.monotonic() < due:
                for swarm_id in hinted:
                    _step_apart(parts, swarm_id, is_hinted=True)
                continue
            live = step(parts)
        except OUTAGES as error:
            _LOG.warning("refill waits for a server: %s", error)
            pause = min(5.0, pause * 2)
            stop.wait(pause)
            continue
        pause = parts.settings.refill_seconds if live else parts.settings.refill_idle_seconds
        due = clock.monotonic() + LOOK_SECONDS_MAX


def main() -> None:
    """Run the loop until SIGTERM or SIGINT."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    run_forever(connect(OrchestratorSettings()), stop)


if __name__ == "__main__":
    main()
