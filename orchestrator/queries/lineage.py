"""How a piece of code came from failing to passing: what landed, what was refused, and why."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, UUID

from orchestrator.queries.code import require_code, state_at
from orchestrator.queries.history import HistoryRow, Past, past_of, rows_of
from tasks_schema.ids import NodeId

REFUSED_MAX = 200
"""Refused attempts that are told of, the newest."""

_OUTCOME = text("SELECT red FROM landing_outcomes WHERE branch_id = :branch AND landing = :landing")
_REFUSED = text(
    """
    SELECT DISTINCT ON (f.attempt_id) f.attempt_id, f.failed_at, f.reason,
        a.swarm_id, a.agent_id, a.turn, a.base_landing
    FROM failed_operations f LEFT JOIN attempts a USING (attempt_id)
    WHERE f.node_id = ANY(:nodes) OR f.payload ->> 'parent' = ANY(:parents)
    ORDER BY f.attempt_id, f.index
    """
).bindparams(
    bindparam("nodes", type_=ARRAY(UUID(as_uuid=True))), bindparam("parents", type_=ARRAY(TEXT))
)


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One thing that happened to a piece of code, or that was refused."""

    event: str
    """`imported`, `landed` or `refused`."""
    at: datetime
    landing: int | None
    """The landing that it made; None if it was refused."""
    branch: str | None
    swarm_id: str | None
    agent_id: str | None
    turn: int | None
    attempt_id: str | None
    reason: str
    """What was changed, or why it was refused, in the words of the report."""
    turned_green: tuple[str, ...] = ()
    """Tests that failed before this landing and pass since."""
    turned_red: tuple[str, ...] = ()
    red: int | None = None
    """Tests that fail after it, of all; None if nobody measured."""
    status: str = "unknown"
    """`failing` while a test fails that some landing on this code turns green, else `passing`.

    `unknown` if nobody measured, or if tests fail that no landing on this code ever mended.
    """
    diff: str = ""


@dataclass(frozen=True, slots=True)
class _Landed:
    """A landing, with the tests that failed before and after it; None where nobody measured."""

    row: HistoryRow
    before: frozenset[str] | None
    after: frozenset[str] | None

    @property
    def turned_green(self) -> frozenset[str]:
        """Tests that it turned green."""
        if self.before is None or self.after is None:
            return frozenset()
        return self.before - self.after

    @property
    def turned_red(self) -> frozenset[str]:
        """Tests that it turned red."""
        if self.before is None or self.after is None:
            return frozenset()
        return self.after - self.before


def lineage(engine: Engine, branch: str, landing: int | None, path: str) -> list[LineageRow]:
    """Return what happened to what stands at a dotted path, the oldest first.

    Refused attempts are known for as long as their operations are kept.

    Raises:
        UsageError: nothing stands there.
    """
    with engine.begin() as connection:
        state = state_at(connection, branch, landing)
        found = require_code(engine, connection, state, path)
        past = past_of(connection, state, [each.node_id for each in found])
        landed = list(_landed(connection, past))
        refused = _refused(connection, sorted(past.node_ids))
    mended = frozenset[str]().union(*(each.turned_green for each in landed))
    rows = [_row(each, mended) for each in landed] + refused
    return list(_with_status(sorted(rows, key=lambda row: row.at)))


def _landed(connection: Connection, past: Past) -> Iterator[_Landed]:
    for row in rows_of(connection, past):
        before, after = (
            _red(connection, past, uuid.UUID(row.branch), number)
            for number in (row.landing - 1, row.landing)
        )
        yield _Landed(row, before, after)


def _red(
    connection: Connection, past: Past, branch: uuid.UUID, number: int
) -> frozenset[str] | None:
    """Return the tests that failed at a landing, or at landing 0 of a fork of just that one."""
    levels = list(past.state.levels)
    depth = [each for each, _ in levels].index(branch)
    while True:
        where = {"branch": branch, "landing": number}
        red = connection.execute(_OUTCOME, where).scalar()
        is_forked = depth > 0 and levels[depth][1] == number
        if red is not None or not is_forked:
            return None if red is None else frozenset(map(str, red))
        depth -= 1
        branch, number = levels[depth][0], 0


def _row(landed: _Landed, mended: frozenset[str]) -> LineageRow:
    row, after = landed.row, landed.after
    return LineageRow(
        event="landed" if row.attempt_id is not None else "imported",
        at=row.landed_at,
        landing=row.landing,
        branch=row.branch,
        swarm_id=row.swarm_id,
        agent_id=row.agent_id,
        turn=row.turn,
        attempt_id=row.attempt_id,
        reason=row.note,
        turned_green=tuple(sorted(landed.turned_green)),
        turned_red=tuple(sorted(landed.turned_red)),
        red=None if after is None else len(after),
        status=_status(after, mended),
        diff=row.diff,
    )


def _status(red: frozenset[str] | None, mended: frozenset[str]) -> str:
    """Return what can be said of the code: which tests are about it, only those mended tell."""
    if red is None or (red and not mended):
        return "unknown"
    return "failing" if red & mended else "passing"


def _refused(connection: Connection, node_ids: Sequence[NodeId]) -> list[LineageRow]:
    parents = [str(node_id) for node_id in node_ids]
    rows = connection.execute(_REFUSED, {"nodes": list(node_ids), "parents": parents})
    refused = [
        LineageRow(
            "refused",
            row.failed_at,
            None,
            None,
            row.swarm_id,
            row.agent_id,
            row.turn,
            str(row.attempt_id),
            row.reason,
        )
        for row in rows
    ]
    return sorted(refused, key=lambda row: row.at)[-REFUSED_MAX:]


def _with_status(rows: Sequence[LineageRow]) -> Iterator[LineageRow]:
    """Yield the rows; one that changed nothing leaves the status as it was."""
    status = "unknown"
    for row in rows:
        if row.event == "refused":
            yield replace(row, status=status)
        else:
            status = row.status
            yield row
