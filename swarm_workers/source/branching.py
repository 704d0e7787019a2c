"""A fork of a branch, and a landing on one: what is written for each, in which order."""

import uuid

from sqlalchemy import Connection, insert

from swarm_workers.source import reading, writing
from swarm_workers.source.edges.stored import edges_after
from swarm_workers.source.errors import EmptyLandingError
from swarm_workers.source.fitting import require_fitting
from swarm_workers.source.loading import load_sides
from swarm_workers.source.log import lanes
from swarm_workers.source.log.landings import LandingEntry, record_landing
from swarm_workers.source.log.purging import require_kept
from swarm_workers.source.reading import branch_uuid, state_of
from swarm_workers.source.rekeying import rekey
from swarm_workers.source.tree_files import storable
from swarm_workers.source.values import Change, Landing
from tasks_schema.tables.source import BRANCHES


def make_fork(connection: Connection, branch: uuid.UUID, origin: Landing) -> None:
    """Write a branch whose landing 0 is a landing of another: three rows. Blocks.

    Raises:
        PurgedLandingError: the other branch no longer holds that landing.
    """
    require_kept(connection, origin.branch_id, origin.number)
    parent = branch_uuid(origin.branch_id)
    lamport = lanes.newest_lamport(connection, parent)
    connection.execute(
        insert(BRANCHES).values(
            branch_id=branch,
            parent_branch=parent,
            parent_landing=origin.number,
            name=f"fork of '{origin.branch_id}' at {origin.number}",
        )
    )
    lanes.open_lane(connection, branch, lamport)
    entry = LandingEntry(
        0,
        origin.author,
        origin.version_vector,
        exit_status=origin.exit_status,
        note=f"fork at landing {origin.number}",
    )
    record_landing(connection, branch, entry, origin.version_vector)


def land_change(
    connection: Connection, head: Landing, change: Change, exit_status: int | None, *, is_last: bool
) -> Landing:
    """Write one landing on the head and return it; the transaction has the branch to itself.

    What makes positions short again belongs to the last of several landings: those between were
    made to follow each other as they are.

    Raises:
        EmptyLandingError: the change has no operations.
        StaleOperationError: they do not fit the head.
    """
    operations = change.operations
    if not operations:
        raise EmptyLandingError(head.branch_id, change.attempt_id)
    lane_number = lanes.lane_of(change.attempt_id)
    lane = lanes.lock_lane(connection, branch_uuid(head.branch_id), lane_number)
    state = state_of(connection, head.branch_id, head.number)
    (before,) = load_sides(connection, (state,), operations)
    after = require_fitting(before, operations)
    edges = edges_after(connection, state, (before, after), operations)
    parents = {each.parent for each in operations if each.parent is not None and each.position}
    moves = rekey(after.shape, parents) if is_last else []
    stamped = writing.restamp(lane, [*operations, *moves, *edges])
    writing.write_landing(
        connection, lane, _entry(head, change, exit_status), stamped, before.nodes
    )
    return reading.read_landing(connection, head.branch_id, head.number + 1)


def _entry(head: Landing, change: Change, exit_status: int | None) -> LandingEntry:
    return LandingEntry(
        head.number + 1,
        change.author,
        head.version_vector,
        change.attempt_id,
        exit_status,
        storable(change.note),
    )
