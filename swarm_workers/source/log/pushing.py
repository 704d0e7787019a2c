"""Pushes: operations of one attempt join a branch without ceremony, merged by their stamps.

Nothing is compared or tested here: of two writes to one register the later wins. What must not
lose tested work lands instead (`SourceStore.land`). Stamps are given out here, so that whoever
worked longest does not win for it: all operations of a push get one Lamport time, above all that
the branch has seen.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.exc import DBAPIError

from swarm_workers.errors import SourceError
from swarm_workers.source.errors import (
    PurgedLandingError,
    UnknownBranchError,
    UnknownLandingError,
)
from swarm_workers.source.log.errors import (
    RunawayLamportError,
    UnknownNodeError,
    UnsoundOperationError,
)
from swarm_workers.source.log.lanes import lane_of
from swarm_workers.source.log.soundness import require_sound
from swarm_workers.source.reading import branch_uuid
from swarm_workers.source.rows import as_json, copy_rows, operation_row
from swarm_workers.source.tree_files import is_blob_name
from swarm_workers.source.writing import write_blobs
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import Operation, Stamp
from tasks_schema.tables.source import OPERATIONS

FUNCTION_SIZE_MAX = 300
"""Up to so many operations are cheapest in one call of a function; more are copied."""

_PUSH = text(
    "SELECT * FROM push_operations(:branch, :lane, :push, :base, :claimed, CAST(:batch AS jsonb))"
)
_OPEN = text("SELECT * FROM open_push(:branch, :lane, :push, :base, :claimed, :size)")
_HELD = text("SELECT sha256 FROM blobs WHERE sha256 = ANY(:hashes)")
_BLOBS_AMONG = text(
    "SELECT n.node_id FROM branch_chain(:branch) JOIN nodes n USING (branch_id)"
    " WHERE n.node_id = ANY(:nodes) AND n.kind = 'blob'"
).bindparams(bindparam("nodes", type_=ARRAY(UUID(as_uuid=True))))
_CLOSE = text("SELECT close_push(:branch, :author, :first, :last, :lamport)")


@dataclass(frozen=True, slots=True)
class Push:
    """Operations on their way to a branch."""

    branch_id: str
    base: int
    """The landing that they were made on."""
    push_id: uuid.UUID
    """Of the attempt that made them: pushed again, they change nothing."""
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Pushed:
    """The run of numbers that a push got."""

    author: str
    first_seq: int
    last_seq: int
    lamport: int
    is_new: bool
    """False if it had been pushed before: these are the numbers that it got then."""


def is_one_statement(operations: Sequence[Operation]) -> bool:
    """Say whether `push` executes one statement for these, which needs no transaction around it."""
    return len(operations) <= FUNCTION_SIZE_MAX and all(each.blob is None for each in operations)


def push(connection: Connection, pushing: Push) -> Pushed:
    """Write a push in the caller's transaction. Blocks while its lane is in use.

    Raises:
        UnknownBranchError: there is no such branch.
        UnknownLandingError: the base is no landing of it.
        PurgedLandingError: the base is older than what the branch still holds.
        RunawayLamportError: an operation claims a time that nobody can have come to.
        UnknownNodeError: an operation speaks of a node that the branch does not know.
        UnsoundOperationError: an operation that no tree can hold.
    """
    operations = pushing.operations
    assert operations, f"push '{pushing.push_id}' has no operations"
    for operation in operations:
        require_sound(operation)
    try:
        write_blobs(connection, operations)
        _require_bytes(connection, pushing)
        if len(operations) <= FUNCTION_SIZE_MAX:
            return _call(connection, pushing)
        return _copy(connection, pushing)
    except DBAPIError as error:
        refusal = _refusal(error, pushing)
        if refusal is None:
            raise
        raise refusal from error


def _require_bytes(connection: Connection, pushing: Push) -> None:
    """Refuse blobs whose bytes neither come with them nor are here: nobody could read them.

    Of an update only the text tells that it may be of a blob, so that few have to be looked up.
    """
    named: dict[str, set[NodeId]] = {}
    for each in pushing.operations:
        if each.text is not None and each.blob is None and _may_name_blob(each):
            named.setdefault(each.text, set()).add(each.node_id)
    if not named:
        return
    held = set(connection.execute(_HELD, {"hashes": list(named)}).scalars())
    lacking = {node_id for key in named.keys() - held for node_id in named[key]}
    where = {"branch": branch_uuid(pushing.branch_id), "nodes": list(lacking)}
    blobs = set(connection.execute(_BLOBS_AMONG, where).scalars()) if lacking else set()
    blobs |= {each.node_id for each in pushing.operations if each.node_kind is NodeKind.BLOB}
    if lacking & blobs:
        raise UnsoundOperationError(min(lacking & blobs), "names bytes that are not here")


def _may_name_blob(operation: Operation) -> bool:
    if operation.kind is OperationKind.NODE_INSERT:
        return operation.node_kind is NodeKind.BLOB
    return is_blob_name(operation.text or "")


def _call(connection: Connection, pushing: Push) -> Pushed:
    batch = [
        {"kind": each.kind.value, "node_id": str(each.node_id), "payload": each.payload}
        for each in pushing.operations
    ]
    row = connection.execute(_PUSH, _opening(pushing) | {"batch": as_json(batch)}).one()
    return Pushed(row.author, row.first_seq, row.last_seq, row.lamport, row.is_new)


def _copy(connection: Connection, pushing: Push) -> Pushed:
    size = len(pushing.operations)
    row = connection.execute(_OPEN, _opening(pushing) | {"size": size}).one()
    pushed = Pushed(row.author, row.first_seq, row.last_seq, row.lamport, row.is_new)
    if pushed.is_new:
        copy_rows(connection, OPERATIONS, _rows(pushing, pushed))
        run = {"first": pushed.first_seq, "last": pushed.last_seq, "lamport": pushed.lamport}
        branch = branch_uuid(pushing.branch_id)
        connection.execute(_CLOSE, {"branch": branch, "author": pushed.author} | run)
    return pushed


def _opening(pushing: Push) -> dict[str, Any]:
    return {
        "branch": branch_uuid(pushing.branch_id),
        "lane": lane_of(pushing.push_id),
        "push": pushing.push_id,
        "base": pushing.base,
        "claimed": max(each.stamp.lamport for each in pushing.operations),
    }


def _rows(pushing: Push, pushed: Pushed) -> Iterator[tuple[Any, ...]]:
    for seq, operation in enumerate(pushing.operations, pushed.first_seq):
        yield operation_row(operation, Stamp(pushed.lamport, pushed.author, seq), pushing.push_id)


def _refusal(error: DBAPIError, pushing: Push) -> SourceError | None:
    """Return what an error of the database's functions says; None if it is not one of theirs."""
    cause = error.orig
    if not isinstance(cause, psycopg.Error):
        return None
    detail = json.loads(cause.diag.message_detail or "{}") if _is_ours(cause) else {}
    refusals: dict[str, Callable[[], SourceError]] = {
        "SW001": lambda: UnknownBranchError(pushing.branch_id),
        "SW002": lambda: UnknownLandingError(pushing.branch_id, pushing.base),
        "SW003": lambda: PurgedLandingError(pushing.branch_id, pushing.base, detail["horizon"]),
        "SW004": lambda: RunawayLamportError(detail["lamport"], detail["lamport_max"]),
        "SW005": lambda: UnknownNodeError(pushing.branch_id, uuid.UUID(detail["node_id"])),
    }
    refusal = refusals.get(cause.sqlstate or "")
    return refusal() if refusal is not None else None


def _is_ours(error: psycopg.Error) -> bool:
    return (error.sqlstate or "").startswith("SW")
