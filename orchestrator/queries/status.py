"""How a swarm stands: from Postgres, and from its space while it runs."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from orchestrator.errors import UsageError
from tasks_schema.kinds import AttemptStatus, ProblemKind, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.tables.attempts import ATTEMPTS, LANDING_OUTCOMES
from tasks_schema.tables.rollups import MINUTE_ROLLUPS
from tasks_schema.tables.source import LANDINGS
from tasks_schema.tables.swarms import SWARMS

_MAY_HAVE_LANDED = (
    AttemptStatus.SENT,
    AttemptStatus.LANDED,
    AttemptStatus.FAILED,
    AttemptStatus.DEAD,
)
"""An attempt that landed may not be reported yet, or have died right after."""


@dataclass(frozen=True, slots=True)
class TestCounts:
    """Tests of one run of the success command."""

    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class LandingRow:
    """One landing, and why it was made."""

    number: int
    author: str
    note: str
    exit_status: int | None


@dataclass(frozen=True, slots=True)
class SwarmRow:
    """One swarm, as far as it is reported."""

    spec: SwarmSpec
    status: SwarmStatus
    reason: str
    launched_at: datetime
    seconds: float
    """From the launch to its end, or to now."""
    attempts: int
    """Attempts reported, the one that measured the code as it was not among them."""
    in_flight: int
    """Attempts sent and not yet reported."""
    candidates: int
    operations_spent: int
    tests_before: TestCounts | None
    """None until the code as it was has been measured, and where there is no code."""
    tests_after: TestCounts | None
    landings: tuple[LandingRow, ...]
    branch: str
    """The branch whose head counts: the one that solved it, else the one with fewest red tests;
    empty where there is no code."""


def find_swarm(connection: Connection, swarm_id: str | None) -> SwarmRow:
    """Return a swarm by its id or the beginning of it; the newest one if none is given.

    Raises:
        UsageError: there is none, or several begin so.
    """
    return read_swarm(connection, resolve(connection, swarm_id))


def find_code_swarm(connection: Connection, swarm_id: str | None) -> SwarmRow:
    """Return a swarm on code by its id or the beginning of it; the newest one if none is given.

    Raises:
        UsageError: there is none, several begin so, or it works on something else.
    """
    if swarm_id is not None:
        row = find_swarm(connection, swarm_id)
        if not row.branch:
            raise UsageError(
                f"swarm '{row.spec.swarm_id}' works on {row.spec.task.problem} and has no code; "
                "name one that was launched at a repository"
            )
        return row
    return read_swarm(connection, resolve(connection, None, ProblemKind.CODE))


def resolve(
    connection: Connection, swarm_id: str | None, problem: ProblemKind | None = None
) -> str:
    """Return the full id that a person meant.

    Args:
        connection: to Postgres.
        swarm_id: an id or the beginning of one; None for the newest swarm.
        problem: look only among swarms that work on this; None for all.

    Raises:
        UsageError: there is none, or several begin so.
    """
    query = select(SWARMS.c.swarm_id).order_by(SWARMS.c.launched_at.desc())
    if problem is not None:
        query = query.where(SWARMS.c.spec["task"]["problem"].as_string() == problem)
    known = list(connection.execute(query).scalars())
    if not known:
        raise UsageError("no swarm was launched yet; see `swarm launch --help`")
    if swarm_id is None:
        return str(known[0])
    if swarm_id in known:
        return swarm_id
    found = [name for name in known if name.startswith(swarm_id)]
    if len(found) == 1:
        return str(found[0])
    if found:
        raise UsageError(f"'{swarm_id}' fits several swarms: {', '.join(found[:5])}")
    raise UsageError(f"there is no swarm '{swarm_id}'; the newest ones are {', '.join(known[:3])}")


def list_swarms(connection: Connection, count: int) -> list[SwarmRow]:
    """Return the newest swarms."""
    query = select(SWARMS.c.swarm_id).order_by(SWARMS.c.launched_at.desc()).limit(count)
    return [read_swarm(connection, name) for name in connection.execute(query).scalars()]


def read_swarm(connection: Connection, swarm_id: str) -> SwarmRow:
    """Return the swarm with exactly this id; it must be there."""
    row = connection.execute(select(SWARMS).where(SWARMS.c.swarm_id == swarm_id)).one()
    spec = SwarmSpec.model_validate(row.spec)
    totals = _totals(connection, swarm_id)
    branch = _best_branch(connection, spec) if spec.branch else ""
    until = row.ended_at or connection.execute(select(func.now())).scalar_one()
    return SwarmRow(
        spec=spec,
        status=SwarmStatus(row.status),
        reason=row.reason,
        launched_at=row.launched_at,
        seconds=(until - row.launched_at).total_seconds(),
        attempts=totals.attempts,
        in_flight=totals.in_flight,
        candidates=int(totals.candidates),
        operations_spent=int(totals.operations),
        tests_before=_counts(connection, spec.branch, spec.import_landing),
        tests_after=_counts(connection, branch, _head(connection, branch)),
        landings=tuple(_landings(connection, spec, branch)),
        branch=branch,
    )


def _totals(connection: Connection, swarm_id: str) -> Row[Any, Any, Any, Any]:
    """Return sums of the minutes of a swarm; only what is in flight is counted."""
    sent = select(func.count()).where(
        ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.status == AttemptStatus.SENT
    )
    table = MINUTE_ROLLUPS.c
    query = select(
        func.coalesce(func.sum(table.attempts), 0).label("attempts"),
        sent.scalar_subquery().label("in_flight"),
        func.coalesce(func.sum(table.candidates), 0).label("candidates"),
        func.coalesce(func.sum(table.operations_spent), 0).label("operations"),
    ).where(table.swarm_id == swarm_id)
    return connection.execute(query).one()


def _best_branch(connection: Connection, spec: SwarmSpec) -> str:
    """Return the branch with the fewest red tests of those that this swarm landed on."""
    red = func.jsonb_array_length(LANDING_OUTCOMES.c.red)
    query = (
        select(LANDINGS.c.branch_id)
        .join(ATTEMPTS, ATTEMPTS.c.attempt_id == LANDINGS.c.attempt_id)
        .join(
            LANDING_OUTCOMES,
            (LANDING_OUTCOMES.c.branch_id == LANDINGS.c.branch_id)
            & (LANDING_OUTCOMES.c.landing == LANDINGS.c.number),
        )
        .where(ATTEMPTS.c.swarm_id == spec.swarm_id, ATTEMPTS.c.status.in_(_MAY_HAVE_LANDED))
        .order_by(red, LANDINGS.c.number.desc())
        .limit(1)
    )
    found = connection.execute(query).scalar()
    return spec.branch if found is None else str(found)


def _head(connection: Connection, branch: str) -> int | None:
    if not branch:
        return None
    newest = select(func.max(LANDINGS.c.number)).where(LANDINGS.c.branch_id == uuid.UUID(branch))
    return connection.execute(newest).scalar()


def _counts(connection: Connection, branch: str, landing: int | None) -> TestCounts | None:
    if not branch:
        return None
    table = LANDING_OUTCOMES.c
    query = select(table.passed, table.red).where(
        table.branch_id == uuid.UUID(branch), table.landing == landing
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else TestCounts(row.passed, len(row.red))


def _landings(connection: Connection, spec: SwarmSpec, branch: str) -> list[LandingRow]:
    if not branch:
        return []
    query = (
        select(LANDINGS.c.number, ATTEMPTS.c.agent_id, LANDINGS.c.note, LANDINGS.c.exit_status)
        .join(ATTEMPTS, ATTEMPTS.c.attempt_id == LANDINGS.c.attempt_id)
        .where(LANDINGS.c.branch_id == uuid.UUID(branch), ATTEMPTS.c.swarm_id == spec.swarm_id)
        .order_by(LANDINGS.c.number)
    )
    return [LandingRow(*row) for row in connection.execute(query)]
