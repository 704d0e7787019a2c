"""Lanes: the authors of a branch, and who may write to it together with whom.

A branch has a few lanes, not one for each agent: its version vector stays short however many
agents there are, and pushes in different lanes do not wait for one another. What makes a landing
(a landing proper, an import from another hub) has the branch to itself.

Every lock is the transaction's own and is held until it ends.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

LANES = 8

_HOLD = text("SELECT pg_advisory_xact_lock(branch_key(:branch))")
_OPEN = text(
    """
    INSERT INTO version_vectors (branch_id, author, max_seq, max_lamport)
    SELECT branch_id, lane_author(branch_id, :lane), 0, :lamport FROM branches
    WHERE branch_id = :branch ON CONFLICT DO NOTHING
    """
)
_LOCK = text(
    """
    SELECT author, max_seq FROM version_vectors
    WHERE branch_id = :branch AND author = lane_author(:branch, :lane) FOR UPDATE
    """
)
_NEWEST = text("SELECT max(max_lamport) FROM version_vectors WHERE branch_id = :branch")
_SEEN = text("SELECT author, max_seq FROM version_vectors WHERE branch_id = :branch")
_HUB = text("SELECT hub_tag()")


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane of a branch, locked: the author of what is written in it."""

    branch: uuid.UUID
    author: str
    max_seq: int
    max_lamport: int
    """The greatest of all lanes of the branch."""


def lane_of(push_id: uuid.UUID) -> int:
    """Return which lane a push takes: always the same, so that its repetition meets it there."""
    return push_id.int % LANES


def hold_branch(connection: Connection, branch: uuid.UUID) -> None:
    """Wait until nobody else writes to a branch, and keep it so. Blocks."""
    connection.execute(_HOLD, {"branch": branch})


def open_lane(connection: Connection, branch: uuid.UUID, max_lamport: int) -> Lane:
    """Make the first lane of a new branch, whose Lamport times go on from one. Blocks."""
    connection.execute(_OPEN, {"branch": branch, "lane": 0, "lamport": max_lamport})
    return _locked(connection, branch, 0)


def lock_lane(connection: Connection, branch: uuid.UUID, lane: int) -> Lane:
    """Wait for a lane of a branch that is there, made if it is new. Blocks."""
    connection.execute(_OPEN, {"branch": branch, "lane": lane, "lamport": 0})
    return _locked(connection, branch, lane)


def newest_lamport(connection: Connection, branch: uuid.UUID) -> int:
    """Return the greatest Lamport time that a branch has seen."""
    return connection.execute(_NEWEST, {"branch": branch}).scalar() or 0


def seen_by_lanes(connection: Connection, branch: uuid.UUID) -> dict[str, int]:
    """Return the last operation of each author that wrote to the branch itself."""
    rows: list[Row[Any]] = list(connection.execute(_SEEN, {"branch": branch}))
    return {row.author: row.max_seq for row in rows if row.max_seq}


def hub_tag(connection: Connection) -> str:
    """Return what the names of all lanes of this database begin with."""
    return str(connection.execute(_HUB).scalar_one())


def _locked(connection: Connection, branch: uuid.UUID, lane: int) -> Lane:
    row = connection.execute(_LOCK, {"branch": branch, "lane": lane}).one()
    return Lane(branch, row.author, row.max_seq, newest_lamport(connection, branch))
