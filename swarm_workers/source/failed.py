"""What became of candidates that did not land: their operations, the reason, and where they clash.

Kept for `KEPT_DAYS`, then dropped by the day.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from swarm_workers.daily import DaysMade
from swarm_workers.source.tree_files import storable
from swarm_workers.source.values import Clash, ClashKind
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation
from tasks_schema.tables.failures import CLASHES, FAILED_OPERATIONS

KEPT_DAYS = 14
"""How long the operations of failed attempts are kept."""


def keep_failed(  # noqa: PLR0913 - this is what there is to keep
    connection: Connection,
    attempt_id: uuid.UUID,
    operations: Sequence[Operation],
    reason: str,
    *,
    clashes: Sequence[Clash] = (),
    is_wanted: Callable[[Connection], bool],
    days: DaysMade,
    now: datetime,
) -> bool:
    """Keep what an attempt wanted; return False if it is kept already, or not wanted. Blocks.

    Args:
        connection: in a transaction that did nothing before.
        attempt_id: whose they are.
        operations: that did not land.
        reason: why, in a sentence.
        clashes: where they did not go together with the head.
        is_wanted: asked in this transaction, before anything is kept.
        days: known of the connection's database.
        now: from which the days are counted.
    """
    expires_at = now + timedelta(days=KEPT_DAYS)
    for table in (FAILED_OPERATIONS, CLASHES):
        days.require(connection, table.name, expires_at)
    if not is_wanted(connection):
        return False
    key = {"key": str(attempt_id)}
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    for table in (FAILED_OPERATIONS, CLASHES):
        kept = select(table.c.attempt_id).where(table.c.attempt_id == attempt_id).limit(1)
        if connection.execute(kept).one_or_none() is not None:
            return False
    own = {"attempt_id": attempt_id, "expires_at": expires_at}
    rows = [own | row for row in _operation_rows(operations, storable(reason))]
    if rows:
        connection.execute(insert(FAILED_OPERATIONS), rows)
    rows = [own | row for row in _clash_rows(clashes)]
    if rows:
        connection.execute(insert(CLASHES), rows)
    return True


def read_clashes(connection: Connection, attempt_id: uuid.UUID) -> tuple[Clash, ...]:
    """Return where an attempt did not go together with the head; empty if it did, or long ago."""
    query = select(CLASHES).where(CLASHES.c.attempt_id == attempt_id).order_by(CLASHES.c.index)
    return tuple(
        Clash(
            ClashKind(row.kind),
            NodeId(row.node_id),
            row.path,
            row.register,
            row.base,
            row.ours,
            row.theirs,
        )
        for row in connection.execute(query)
    )


def _operation_rows(operations: Sequence[Operation], reason: str) -> Iterator[dict[str, Any]]:
    for index, operation in enumerate(operations):
        yield {
            "index": index,
            "kind": operation.kind.value,
            "node_id": operation.node_id,
            "payload": operation.payload,
            "reason": reason,
        }


def _clash_rows(clashes: Sequence[Clash]) -> Iterator[dict[str, Any]]:
    for index, clash in enumerate(clashes):
        yield {
            "index": index,
            "kind": clash.kind.value,
            "node_id": clash.node_id,
            "path": storable(clash.path),
            "register": clash.register,
            "base": storable(clash.base),
            "ours": storable(clash.ours),
            "theirs": storable(clash.theirs),
        }
