"""A push as it would be without the functions for it: staged, and then a statement for each step.

Each step does on the server what the function does; the difference is in the round trips.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, MetaData, text

from swarm_workers.source.log.lanes import lane_of
from swarm_workers.source.log.pushing import Push
from swarm_workers.source.reading import branch_uuid
from swarm_workers.source.rows import copy_rows, operation_rows
from tasks_schema.messages.source import Stamp
from tasks_schema.tables.source import OPERATIONS

_STAGED = OPERATIONS.to_metadata(MetaData(), name="staged")
_STAGE = text("CREATE TEMPORARY TABLE staged (LIKE operations) ON COMMIT DROP")
_SHARE = text("SELECT pg_advisory_xact_lock_shared(branch_key(:branch))")
_HEAD = text("SELECT max(number) FROM landings WHERE branch_id = :branch")
_OPEN = text(
    "INSERT INTO version_vectors VALUES (:branch, lane_author(:branch, :lane), 0, 0)"
    " ON CONFLICT DO NOTHING"
)
_LOCK = text(
    "SELECT author, max_seq FROM version_vectors"
    " WHERE branch_id = :branch AND author = lane_author(:branch, :lane) FOR UPDATE"
)
_NEWEST = text("SELECT max(max_lamport) FROM version_vectors WHERE branch_id = :branch")
_INSERT = text("INSERT INTO operations SELECT * FROM staged ON CONFLICT DO NOTHING")
_MERGE = text("SELECT merge_nodes(:branch, :author, :first, :last)")
_ADVANCE = text(
    "UPDATE version_vectors SET max_seq = :last, max_lamport = :lamport"
    " WHERE branch_id = :branch AND author = :author"
)


def push_by_statements(connection: Connection, pushing: Push) -> None:
    """Write a push in the caller's transaction. Blocks while its lane is in use."""
    branch = branch_uuid(pushing.branch_id)
    lane = {"branch": branch, "lane": lane_of(pushing.push_id)}
    connection.execute(_SHARE, {"branch": branch})
    connection.execute(_HEAD, {"branch": branch})
    connection.execute(_OPEN, lane)
    locked = connection.execute(_LOCK, lane).one()
    lamport = 1 + connection.execute(_NEWEST, {"branch": branch}).scalar_one()
    connection.execute(_STAGE)
    stamped = (
        replace(each, stamp=Stamp(lamport, locked.author, locked.max_seq + index))
        for index, each in enumerate(pushing.operations, 1)
    )
    copy_rows(connection, _STAGED, operation_rows(stamped, pushing.push_id))
    connection.execute(_INSERT)
    run: dict[str, Any] = {
        "branch": branch,
        "author": locked.author,
        "first": locked.max_seq + 1,
        "last": locked.max_seq + len(pushing.operations),
    }
    unknown = connection.execute(_MERGE, run).scalar()
    assert unknown is None, f"nobody inserted node '{unknown}'"
    last = {"branch": branch, "author": locked.author, "last": run["last"], "lamport": lamport}
    connection.execute(_ADVANCE, last)
