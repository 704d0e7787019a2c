"""Sums of attempts, kept up with every batch of reports.

One statement a table and batch, its rows in the order of their keys: two processes that add to the
same sums in different orders would lock each other out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from tasks_schema.kinds import AgentKind, AttemptStatus
from tasks_schema.messages.attempt import AttemptReport
from tasks_schema.tables.rollups import AGENT_ROLLUPS, HOTSPOT_ROLLUPS, MINUTE_ROLLUPS

_BROKEN = (AttemptStatus.FAILED, AttemptStatus.DEAD)


@dataclass(frozen=True, slots=True)
class Sums:
    """What is added up of some attempts. The fields are columns of the rollups."""

    attempts: int = 0
    landed: int = 0
    failed: int = 0
    cancelled: int = 0
    candidates: int = 0
    operations_spent: int = 0
    seconds: float = 0.0

    def __add__(self, other: Self) -> "Sums":
        """Return the sums of both."""
        return Sums(*map(sum, zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Visits:
    """What is added up of attempts whose change was in one scope."""

    attempts: int = 0
    landed: int = 0

    def __add__(self, other: Self) -> "Visits":
        """Return the sums of both."""
        return Visits(self.attempts + other.attempts, self.landed + other.landed)


def add_to_rollups(connection: Connection, reports: Sequence[AttemptReport], now: datetime) -> None:
    """Add reports to the sums of their agents, of this minute, and of the scopes they were in.

    Args:
        connection: in the transaction that made the reports' attempts count.
        reports: none of them may have been added before.
        now: the instant at which they were reported.
    """
    turns = [report for report in reports if report.kind is not AgentKind.BASELINE]
    minute = now.replace(second=0, microsecond=0)
    hour = minute.replace(minute=0)
    by_agent = _added(((each.swarm, each.agent), _sums(each)) for each in turns)
    by_minute = _added(((each.swarm, minute), _sums(each)) for each in turns)
    by_scope = _added(
        ((each.swarm, scope, hour), _visits(each)) for each in turns for scope in set(each.scopes)
    )
    _upsert(connection, AGENT_ROLLUPS, by_agent, {"reported_at": now})
    _upsert(connection, MINUTE_ROLLUPS, by_minute, {})
    _upsert(connection, HOTSPOT_ROLLUPS, by_scope, {})


def _sums(report: AttemptReport) -> Sums:
    is_cancelled = report.status is AttemptStatus.CANCELLED
    return Sums(
        attempts=int(not is_cancelled),
        landed=_landed(report),
        failed=int(report.status in _BROKEN),
        cancelled=int(is_cancelled),
        candidates=report.candidates,
        operations_spent=report.operations_spent,
        seconds=report.seconds,
    )


def _visits(report: AttemptReport) -> Visits:
    return Visits(attempts=1, landed=_landed(report))


def _landed(report: AttemptReport) -> int:
    return int(report.status is AttemptStatus.LANDED)


def _added(parts: Iterable[tuple[tuple[Any, ...], Any]]) -> dict[tuple[Any, ...], Any]:
    """Return the sum of the parts of each key."""
    total: dict[tuple[Any, ...], Any] = {}
    for key, part in parts:
        total[key] = total[key] + part if key in total else part
    return total


def _upsert(
    connection: Connection,
    table: Table,
    parts: Mapping[tuple[Any, ...], Any],
    replaced: Mapping[str, Any],
) -> None:
    """Add sums to the rows of their keys, in one statement.

    Args:
        connection: in the transaction.
        table: a rollup; the columns of its key come first.
        parts: what to add, by key.
        replaced: columns whose value replaces the one there, if it is greater.
    """
    if not parts:
        return
    rows = list(_rows(table, parts, replaced))
    names = tuple(rows[0])
    arrays = {name: [row[name] for row in rows] for name in names}
    connection.execute(_statement(table, names, tuple(replaced)), arrays)


@lru_cache(maxsize=8)
def _statement(table: Table, names: tuple[str, ...], replaced: tuple[str, ...]) -> Insert:
    """Return the upsert of arrays of values by column name; made once, as that takes its time."""
    columns = [table.c[name] for name in names]
    keys = list(table.primary_key.columns)
    arrays = [bindparam(each.name, type_=ARRAY(each.type)) for each in columns]
    given = func.unnest(*arrays).table_valued(*names).render_derived()
    statement = insert(table).from_select(columns, select(given).order_by(*given.c[: len(keys)]))
    new = statement.excluded
    added = {
        column.name: column + new[column.name]
        for column in columns
        if not column.primary_key and column.name not in replaced
    }
    greatest = {name: func.greatest(table.c[name], new[name]) for name in replaced}
    return statement.on_conflict_do_update(index_elements=keys, set_=added | greatest)


def _rows(
    table: Table, parts: Mapping[tuple[Any, ...], Any], replaced: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    names = [column.name for column in table.primary_key.columns]
    for key, part in parts.items():
        values = {field.name: getattr(part, field.name) for field in fields(part)}
        yield {**dict(zip(names, key, strict=True)), **values, **replaced}
