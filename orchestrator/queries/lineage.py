"""How a piece of code came from failing to passing: what landed, what was refused, and why."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate

from sqlalchemy import Connection, Engine, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP, UUID

from orchestrator.queries.history import HistoryRow, Past, past_of, rows_of
from swarm_workers.source.reading import State

REFUSED_MAX = 200
"""Refused attempts that are told of, the newest."""

_OUTCOMES = """
    SELECT red FROM landing_outcomes
    WHERE branch_id = :branch AND landing BETWEEN :since AND :until
    ORDER BY landing
"""
_FIRST_RED = text(f"{_OUTCOMES} LIMIT 1")
_LAST_RED = text(f"{_OUTCOMES} DESC LIMIT 1")
_LANDED_AT = text("SELECT landed_at FROM landings WHERE branch_id = :branch AND number = :number")
_REFUSED = text(
    """
    SELECT DISTINCT ON (f.attempt_id) f.attempt_id, f.failed_at, f.reason,
        a.swarm_id, a.agent_id, a.turn
    FROM failed_operations f JOIN attempts a USING (attempt_id) JOIN swarms s USING (swarm_id)
        JOIN unnest(:branches, :ends) AS level(branch, ends_at)
        ON level.branch = s.spec ->> 'branch'
    WHERE (f.node_id = ANY(:nodes) OR f.payload ->> 'parent' = ANY(:parents))
        AND f.failed_at < level.ends_at
    ORDER BY f.attempt_id, f.index
    """
).bindparams(
    bindparam("branches", type_=ARRAY(TEXT)),
    bindparam("ends", type_=ARRAY(TIMESTAMP(timezone=True))),
    bindparam("nodes", type_=ARRAY(UUID(as_uuid=True))),
    bindparam("parents", type_=ARRAY(TEXT)),
)
_Span = tuple[uuid.UUID, int, int]
"""A branch, and its landings from one to another, both included."""
_NEVER = datetime.max.replace(tzinfo=UTC)


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
    """Tests that failed when last measured before this landing, and pass when first measured since.

    What landed between the two measurements is not told apart.
    """
    turned_red: tuple[str, ...] = ()
    red: int | None = None
    """Tests that fail when first measured since, of all; None if nobody measured."""
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

    Refused are attempts of the swarms on this branch, until the next landing; they are known for as
    long as their operations are kept.

    Raises:
        UsageError: nothing stands there.
    """
    with engine.begin() as connection:
        past = past_of(connection, branch, landing, path)
        landed = list(_landed(connection, past))
        refused = _refused(connection, past)
    mended = frozenset[str]().union(*(each.turned_green for each in landed))
    rows = [_row(each, mended) for each in landed] + refused
    return list(_with_status(sorted(rows, key=lambda row: row.at)))


def _landed(connection: Connection, past: Past) -> Iterator[_Landed]:
    for row in rows_of(connection, past):
        older, newer = _around(past.state, row)
        before, after = _red(connection, _LAST_RED, older), _red(connection, _FIRST_RED, newer)
        yield _Landed(row, before, after)


def _around(state: State, row: HistoryRow) -> tuple[list[_Span], list[_Span]]:
    """Return the landings before one, and those from it on; each the nearest span first."""
    spans = [(branch, 0, last) for branch, last in state.levels]
    level = [str(branch) for branch, _ in state.levels].index(row.branch)
    branch, _, last = spans[level]
    older = [(branch, 0, row.landing - 1), *spans[level + 1 :]]
    newer = [(branch, row.landing, last), *reversed(spans[:level])]
    return older, newer


def _red(
    connection: Connection, query: TextClause, spans: Sequence[_Span]
) -> frozenset[str] | None:
    """Return the tests that failed at the landing a query finds in the first span that has one.

    Of what lands together the last landing alone is measured, and of a fork and the landing that
    it was made of perhaps only one.
    """
    for branch, since, until in spans:
        where = {"branch": branch, "since": since, "until": until}
        red = connection.execute(query, where).scalar()
        if red is not None:
            return frozenset(map(str, red))
    return None


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


def _refused(connection: Connection, past: Past) -> list[LineageRow]:
    """Return the refused attempts of the swarms that were launched on the branches of a state.

    An import is one branch for all swarms on the same tree, so a node is no swarm's own. What was
    refused once the next landing had landed is of a later state.
    """
    levels = past.state.levels
    ends = [_ends_at(connection, branch, last) for branch, last in levels]
    where = {
        "branches": [str(branch) for branch, _ in levels],
        "ends": list(accumulate(ends, min)),
        "nodes": list(past.node_ids),
        "parents": [str(node_id) for node_id in past.node_ids],
    }
    rows = connection.execute(_REFUSED, where)
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


def _ends_at(connection: Connection, branch: uuid.UUID, landing: int) -> datetime:
    """Return when the landing after this one landed; if none did, an instant that never comes."""
    where = {"branch": branch, "number": landing + 1}
    landed_at: datetime | None = connection.execute(_LANDED_AT, where).scalar()
    return landed_at or _NEVER


def _with_status(rows: Sequence[LineageRow]) -> Iterator[LineageRow]:
    """Yield the rows; one that changed nothing leaves the status as it was."""
    status = "unknown"
    for row in rows:
        if row.event == "refused":
            yield replace(row, status=status)
        else:
            status = row.status
            yield row
