"""Writing a landing: operations first, then the node versions that follow from them.

All of it happens in the caller's transaction, which has the branch to itself and holds the lane:
numbers are handed out under that lock, so no reader ever sees operation 160 of a lane without 159.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from sqlalchemy import Connection, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from swarm_workers.source.log.landings import LandingEntry, record_landing
from swarm_workers.source.log.lanes import Lane
from swarm_workers.source.log.sealing import end_versions, seal_edges
from swarm_workers.source.registers import Nodes, apply_operations
from swarm_workers.source.rows import copy_rows, node_row, operation_rows
from swarm_workers.source.shape import Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation, Stamp
from tasks_schema.tables.source import BLOBS, NODES, OPERATIONS, VERSION_VECTORS

_MERGE_EDGES = text("SELECT merge_edges(:branch, :author, :first, :last)")


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
    connection: Connection,
    lane: Lane,
    entry: LandingEntry,
    operations: Sequence[Operation],
    before: Nodes,
) -> dict[str, int]:
    """Write a landing and return its version vector. Blocks.

    Args:
        connection: in a transaction that holds the branch and the lane.
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
    if any(each.edge is not None for each in operations):
        _write_edges(connection, lane, entry.number, last_seq)
    record_landing(connection, lane.branch, entry, vector, (lane.max_seq + 1, last_seq))
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
        end_versions(connection, branch, number, changed)
    rows = (node_row(branch, number, after[each], new.place(each)) for each in changed)
    copy_rows(connection, NODES, rows)


def _is_changed(node_id: NodeId, before: Nodes, after: Nodes, old: Shape, new: Shape) -> bool:
    if before.get(node_id) is not after[node_id]:
        return True
    return old.place(node_id) != new.place(node_id)


def _advance(connection: Connection, lane: Lane, last_seq: int) -> None:
    connection.execute(
        update(VERSION_VECTORS)
        .where(VERSION_VECTORS.c.branch_id == lane.branch, VERSION_VECTORS.c.author == lane.author)
        .values(max_seq=last_seq, max_lamport=lane.max_lamport + 1)
    )


def _write_edges(connection: Connection, lane: Lane, number: int, last_seq: int) -> None:
    run = {"author": lane.author, "first": lane.max_seq + 1, "last": last_seq}
    connection.execute(_MERGE_EDGES, {"branch": lane.branch} | run)
    seal_edges(connection, lane.branch, number)
