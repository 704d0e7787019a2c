"""Reports of attempts into Postgres: one transaction a batch, each attempt counted once.

Idempotent: a report that comes twice changes nothing the second time, because only an attempt that
still stands as sent, or is not there at all, takes one. Commutative: batches may be written by
several processes in any order. The sums that dashboards read are kept up in the same transaction,
so that they are those of the attempts, always.

Commits wait for the disk: once it is acknowledged, Redis has the report no more.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, func, make_url, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from swarm_workers.daily import DaysMade
from swarm_workers.reporting.failures import translate_postgres_errors
from swarm_workers.reporting.results import copy_results
from swarm_workers.reporting.rollups import add_to_rollups
from tasks_schema.kinds import AttemptStatus
from tasks_schema.messages.attempt import AttemptReport
from tasks_schema.tables.attempts import ATTEMPTS, TEST_RESULTS

STATEMENT_SECONDS_MAX: Final = 30
"""The longest that one statement of a batch may take before the batch is tried again."""
CONNECT_SECONDS_MAX: Final = 5
_LEARNED: Final = (
    "status",
    "reason",
    "worker",
    "started_at",
    "reported_at",
    "seconds",
    "candidates",
    "operations_spent",
    "base_landing",
    "landing",
    "exit_status",
    "findings",
    "evaluations",
    "cpu_seconds",
    "tokens",
    "dollars",
)
"""The columns that a report fills in; the others say whose turn it was."""


class Writer:
    """Writes batches of reports. Safe for use from several threads."""

    def __init__(self, engine: Engine) -> None:
        """Write through this engine; see `connect`."""
        self._engine = engine
        self._days = DaysMade()

    def write(self, reports: Sequence[AttemptReport]) -> int:
        """Write all or none and return how many of them were new. Blocks for the transaction.

        Raises:
            ReportRejectedError: at least one of them cannot be written, now or later.
            ServiceUnreachableError: Postgres cannot take them now.
        """
        if not reports:
            return 0
        with translate_postgres_errors(self._engine), self._engine.begin() as connection:
            # A lock that somebody else holds must not hold up all reports for ever.
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS_MAX}s'"))
            now: datetime = connection.execute(select(func.now())).scalar_one()
            self._days.require(connection, TEST_RESULTS.name, now)
            return _write(connection, reports, now)


def connect(database_url: str) -> Engine:
    """Return an engine for one writer: one connection, made when it is first needed."""
    return create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"),
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS_MAX,
            "tcp_user_timeout": STATEMENT_SECONDS_MAX * 1000,
            "application_name": "swarm-flush",
        },
    )


def _write(connection: Connection, reports: Sequence[AttemptReport], now: datetime) -> int:
    # The first report of an attempt wins, also within a batch. In the order of ids, because two
    # processes that write the same rows in different orders would lock each other out.
    first = {report.attempt_id: report for report in reversed(reports)}
    taken = _upsert(connection, [first[attempt_id] for attempt_id in sorted(first)], now)
    counted = [first[attempt_id] for attempt_id in sorted(taken)]
    copy_results(connection, counted, now)
    add_to_rollups(connection, counted, now)
    return len(taken)


def _upsert(connection: Connection, reports: list[AttemptReport], now: datetime) -> set[UUID]:
    """Write the attempts and return the ids of those that had no report yet."""
    rows = [_row(report) | {"reported_at": now} for report in reports]
    return set(connection.scalars(_upserting(), rows))


@cache
def _upserting() -> ReturningInsert[tuple[UUID]]:
    """Return the statement, made once, as that takes its time."""
    statement = insert(ATTEMPTS)
    statement = statement.on_conflict_do_update(
        index_elements=[ATTEMPTS.c.attempt_id],
        set_={name: statement.excluded[name] for name in _LEARNED},
        where=ATTEMPTS.c.status == AttemptStatus.SENT.value,
    )
    return statement.returning(ATTEMPTS.c.attempt_id)


def _row(report: AttemptReport) -> dict[str, Any]:
    values = report.model_dump(exclude={"swarm", "agent", "tests", "scopes"})
    return values | {
        "swarm_id": report.swarm,
        "agent_id": report.agent,
        "kind": report.kind.value,
        "status": report.status.value,
        # Used only when the row that the launch wrote is not there: it was sent by then.
        "sent_at": report.started_at,
    }
