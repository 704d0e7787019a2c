"""Writing a landing: operations first, then the node versions that follow from them.

All of it happens in the caller's transaction, which holds the branch's lane: numbers are handed
out under that row lock, so no reader ever sees operation 160 of a lane without operation 159.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection, any_, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.dialects.postgresql import insert as upsert

from swarm_workers.source.registers import Nodes, apply_operations
from swarm_workers.source.rows import copy_rows, node_row, operation_rows
from swarm_workers.source.shape import Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation, Stamp
from tasks_schema.tables.source import BLOBS, LANDINGS, NODES, OPERATIONS, VERSION_VECTORS


@dataclass(frozen=True, slots=True)
class Lane:
    """A branch's lane, locked: the author of all operations that land on it."""

    branch: uuid.UUID
    author: str
    max_seq: int
    max_lamport: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What is recorded of a landing beside its operations."""

    number: int
    author: str
    version_vector: Mapping[str, int]
    """Of the landing before."""
    attempt_id: uuid.UUID | None = None
    exit_status: int | None = None
    note: str = ""


def lane_author(branch: uuid.UUID) -> str:
    """Return the name that a branch's operations are stamped with."""
    return f"{branch}#0"


def open_lane(connection: Connection, branch: uuid.UUID, max_lamport: int) -> Lane:
    """Make the lane of a new branch. It is this transaction's own until the commit."""
    lane = Lane(branch, lane_author(branch), 0, max_lamport)
    connection.execute(
        insert(VERSION_VECTORS).values(
            branch_id=branch, author=lane.author, max_seq=0, max_lamport=max_lamport
        )
    )
    return lane


def lock_lane(connection: Connection, branch: uuid.UUID) -> Lane | None:
    """Wait for the lane and hold it until the transaction ends; None if there is no such branch."""
    row = connection.execute(
        select(VERSION_VECTORS)
        .where(
            VERSION_VECTORS.c.branch_id == branch, VERSION_VECTORS.c.author == lane_author(branch)
        )
        .with_for_update()
    ).one_or_none()
    return Lane(branch, row.author, row.max_seq, row.max_lamport) if row is not None else None


def restamp(lane: Lane, operations: Sequence[Operation]) -> list[Operation]:
    """Return the operations stamped as the lane's next.

    They all get one Lamport time, above all that has landed: stamped where they were made, a long
    attempt would win over a later short one, and tested work would vanish without a word.
    """
    return [
        replace(operation, stamp=Stamp(lane.max_lamport + 1, lane.author, lane.max_seq + index))
        for index, operation in enumerate(operations, 1)
    ]


def write_landing(
    connection: Connection, lane: Lane, entry: Entry, operations: Sequence[Operation], before: Nodes
) -> dict[str, int]:
    """Write a landing and return its version vector. Blocks.

    Args:
        connection: in a transaction that holds the lane.
        lane: as locked.
        entry: what to record.
        operations: stamped by `restamp`.
        before: folders, files and links of the head, the contents of all files that the operations
            touch, and the touched nodes themselves.
    """
    after = apply_operations(before, operations)
    write_blobs(connection, operations)
    copy_rows(connection, OPERATIONS, operation_rows(operations, entry.attempt_id))
    _write_versions(connection, lane.branch, entry.number, before, after)
    last_seq = lane.max_seq + len(operations)
    _advance(connection, lane, last_seq)
    vector = {**entry.version_vector}
    if last_seq:
        vector[lane.author] = last_seq
    connection.execute(
        insert(LANDINGS).values(
            branch_id=lane.branch,
            number=entry.number,
            attempt_id=entry.attempt_id,
            version_vector=vector,
            author=entry.author,
            first_seq=lane.max_seq + 1,
            last_seq=last_seq,
            exit_status=entry.exit_status,
            note=entry.note,
        )
    )
    return vector


def write_blobs(connection: Connection, operations: Sequence[Operation]) -> None:
    """Keep the blobs that operations carry; one that is there already stays."""
    blobs = {
        sha256(each.blob).hexdigest(): each.blob for each in operations if each.blob is not None
    }
    for key in sorted(blobs):
        values = {"sha256": key, "data": blobs[key]}
        connection.execute(upsert(BLOBS).values(values).on_conflict_do_nothing())


def _write_versions(
    connection: Connection, branch: uuid.UUID, number: int, before: Nodes, after: Nodes
) -> None:
    """End the versions of nodes that changed, or are seen elsewhere now, and begin new ones."""
    old, new = shape_of(before), shape_of(after)
    changed = [each for each in sorted(after) if _is_changed(each, before, after, old, new)]
    if before:
        _end_versions(connection, branch, number, changed)
    rows = (node_row(branch, number, after[each], new.place(each)) for each in changed)
    copy_rows(connection, NODES, rows)


def _is_changed(node_id: NodeId, before: Nodes, after: Nodes, old: Shape, new: Shape) -> bool:
    if before.get(node_id) is not after[node_id]:
        return True
    return old.place(node_id) != new.place(node_id)


def _end_versions(
    connection: Connection, branch: uuid.UUID, number: int, changed: Sequence[NodeId]
) -> None:
    connection.execute(
        update(NODES)
        .where(
            NODES.c.branch_id == branch,
            NODES.c.node_id == any_(literal(list(changed), ARRAY(UUID(as_uuid=True)))),
            NODES.c.landing_to.is_(None),
        )
        .values(landing_to=number)
    )


def _advance(connection: Connection, lane: Lane, last_seq: int) -> None:
    connection.execute(
        update(VERSION_VECTORS)
        .where(VERSION_VECTORS.c.branch_id == lane.branch, VERSION_VECTORS.c.author == lane.author)
        .values(max_seq=last_seq, max_lamport=lane.max_lamport + 1)
    )
