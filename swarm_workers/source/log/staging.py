"""Operations of another hub on their way into the log: beside it first, to be compared with it."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, TextClause, text

from swarm_workers.source.log.errors import (
    NEVER_WRITTEN,
    AlteredOperationError,
    OperationsFileError,
)
from swarm_workers.source.log.vectors import runs_of
from swarm_workers.source.log.wire import Entry

_MAKE = text(
    """
    CREATE TEMPORARY TABLE IF NOT EXISTS received (
        line bigint, author text COLLATE "C", author_seq bigint, lamport bigint, kind text,
        node_id uuid, attempt_id uuid, payload jsonb
    ) ON COMMIT DROP
    """
)
_EMPTY = text("TRUNCATE received")
_ALTERED = text(
    """
    SELECT r.author, r.author_seq FROM received r JOIN operations o USING (author, author_seq)
    WHERE (r.lamport, r.kind, r.node_id, r.payload) <> (o.lamport, o.kind, o.node_id, o.payload)
    ORDER BY r.line LIMIT 1
    """
)
_NEVER_WRITTEN = text(
    """
    SELECT r.author, r.author_seq FROM received r
    WHERE starts_with(r.author, hub_tag() || ':') AND NOT EXISTS (
        SELECT FROM operations o WHERE o.author = r.author AND o.author_seq = r.author_seq)
    ORDER BY r.line LIMIT 1
    """
)
_BACKWARDS = text(
    """
    SELECT r.line, r.author FROM received r
    JOIN operations o ON o.author = r.author AND o.author_seq = r.author_seq - 1
    WHERE r.lamport < o.lamport ORDER BY r.line LIMIT 1
    """
)
_KEEP = text(
    """
    INSERT INTO operations (author, author_seq, lamport, kind, node_id, attempt_id, payload)
    SELECT author, author_seq, lamport, kind, node_id, attempt_id, payload FROM received
    ON CONFLICT DO NOTHING
    """
)
_MERGE = (
    text("SELECT merge_nodes(:branch, :author, :first, :last)"),
    text("SELECT merge_edges(:branch, :author, :first, :last)"),
)


@dataclass(frozen=True, slots=True)
class Staged:
    """One operation that has come."""

    line: int
    entry: Entry
    payload: str
    """As JSON."""
    is_new: bool
    """False if the branch has seen it; then it is compared with what is here, and no more."""


class Staging:
    """Where the operations of one import wait, in its transaction."""

    def __init__(self, connection: Connection, branch: uuid.UUID) -> None:
        """Make the place; it goes with the transaction."""
        self._connection = connection
        self._branch = branch
        connection.execute(_MAKE)

    def merge(self, batch: Sequence[Staged]) -> int:
        """Put operations into the log and the new ones into the branch; return how many are new.

        Raises:
            AlteredOperationError: one differs from that of its name in the log, or claims to have
                been written here.
            OperationsFileError: one is earlier than the one before it.
        """
        self._copy(batch)
        self._require_not(_NEVER_WRITTEN, NEVER_WRITTEN)
        self._connection.execute(_KEEP)
        self._require_not(_ALTERED, "differs from the one here")
        self._require_forwards()
        new = [staged.entry.operation for staged in batch if staged.is_new]
        for run in runs_of((each.stamp.author, each.stamp.author_seq) for each in new):
            values = {"author": run.author, "first": run.first, "last": run.last}
            for statement in _MERGE:
                self._connection.execute(statement, {"branch": self._branch} | values)
        self._connection.execute(_EMPTY)
        return len(new)

    def _copy(self, batch: Sequence[Staged]) -> None:
        driver = self._connection.connection.driver_connection
        assert driver is not None, "the connection is closed"
        with driver.cursor() as cursor, cursor.copy(sql.SQL("COPY received FROM STDIN")) as copy:
            for row in _rows(batch):
                copy.write_row(row)

    def _require_not(self, query: TextClause, reason: str) -> None:
        row = self._connection.execute(query).first()
        if row is not None:
            raise AlteredOperationError(row.author, row.author_seq, reason)

    def _require_forwards(self) -> None:
        """See that the times of each author rise: of two in a run the later is to win."""
        row = self._connection.execute(_BACKWARDS).first()
        if row is not None:
            raise OperationsFileError(row.line, f"goes back in the time of '{row.author}'")


def _rows(batch: Sequence[Staged]) -> Iterator[tuple[Any, ...]]:
    for staged in batch:
        operation = staged.entry.operation
        yield (
            staged.line,
            operation.stamp.author,
            operation.stamp.author_seq,
            operation.stamp.lamport,
            operation.kind.value,
            operation.node_id,
            staged.entry.attempt_id,
            staged.payload,
        )
