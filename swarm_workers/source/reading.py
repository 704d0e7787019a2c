"""Reading a state of a branch: the branch's own versions over those of the branches it came from.

A landing never changes once it is committed, and all reads name one. So none of them needs a lock,
and two queries of one checkout cannot disagree, whatever lands in between. Only a purge takes away
what a landing was: whoever asks more than one query does so in a `postgres.snapshot`.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.errors import (
    PurgedLandingError,
    UnknownBranchError,
    UnknownLandingError,
)
from swarm_workers.source.pieces import FileFormat
from swarm_workers.source.registers import Node
from swarm_workers.source.rows import NODE_SELECT, node_of
from swarm_workers.source.tree_files import file_of, link_of
from swarm_workers.source.values import Landing
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind

_CHAIN = text(
    """
    WITH RECURSIVE chain(branch_id, landing, depth) AS (
        SELECT branch_id, number, 0 FROM landings
        WHERE branch_id = CAST(:branch AS uuid) AND number = coalesce(
            CAST(:landing AS bigint),
            (SELECT max(number) FROM landings WHERE branch_id = CAST(:branch AS uuid))
        )
        UNION ALL
        SELECT b.parent_branch, b.parent_landing, chain.depth + 1
        FROM chain JOIN branches b USING (branch_id)
        WHERE b.parent_branch IS NOT NULL
    )
    SELECT branch_id, landing, b.horizon FROM chain JOIN branches b USING (branch_id) ORDER BY depth
    """
)
_LANDING_SELECT = """
    SELECT branch_id, number, version_vector, attempt_id, author, exit_status, note, landed_at
    FROM landings
"""
_HEAD = text(f"{_LANDING_SELECT} WHERE branch_id = :branch ORDER BY number DESC LIMIT 1")
_ONE = text(f"{_LANDING_SELECT} WHERE branch_id = :branch AND number = :number")
_OF_ATTEMPT = text(f"{_LANDING_SELECT} WHERE attempt_id = :attempt")
_TOUCHED = text(
    "SELECT DISTINCT node_id FROM nodes WHERE branch_id = :branch"
    " AND landing_from > :since AND landing_from <= :until"
)
_BLOBS = text("SELECT sha256, data FROM blobs WHERE sha256 = ANY(:hashes)")


@dataclass(frozen=True, slots=True)
class State:
    """One landing of one branch, and the branches whose versions it sees through."""

    levels: tuple[tuple[uuid.UUID, int], ...]
    """Branch and landing, the nearest first. A version of a nearer one hides those behind."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What the texts of `versions_of` take."""
        parameters: dict[str, Any] = {}
        for depth, (branch, landing) in enumerate(self.levels):
            parameters[f"branch{depth}"] = branch
            parameters[f"landing{depth}"] = landing
        return parameters

    def select(self, columns: str, condition: str) -> TextClause:
        """Return a query for node versions, `n`, of this state that meet a condition."""
        found = versions_of(len(self.levels), columns, condition)
        return text(found).bindparams(**self.parameters)


def versions_of(levels: int, columns: str, condition: str) -> str:
    """Return the text of a query for node versions, `n`, of a state that meet a condition.

    Args:
        levels: of the state.
        columns: to select.
        condition: on `n`. Only names written in this package are put into the text.
    """
    return " UNION ALL ".join(_level(depth, columns, condition) for depth in range(levels))


def _level(depth: int, columns: str, condition: str) -> str:
    nearer = "".join(
        f" AND NOT EXISTS (SELECT FROM nodes o WHERE o.branch_id = :branch{each}"
        f" AND o.node_id = n.node_id AND o.landing_from <= :landing{each})"
        for each in range(depth)
    )
    return (
        f"SELECT {columns} FROM nodes n WHERE n.branch_id = :branch{depth}"  # noqa: S608 - of this package
        f" AND n.landing_from <= :landing{depth}"
        f" AND (n.landing_to IS NULL OR n.landing_to > :landing{depth})"
        f" AND ({condition}){nearer}"
    )


def branch_uuid(branch_id: str) -> uuid.UUID:
    """Return the id as the tables have it.

    Raises:
        UnknownBranchError: it is no id at all.
    """
    try:
        return uuid.UUID(branch_id)
    except ValueError as error:
        raise UnknownBranchError(branch_id) from error


def state_of(connection: Connection, branch_id: str, landing: int | None) -> State:
    """Return the state of a landing; None is the head.

    Raises:
        UnknownBranchError: there is no such branch.
        UnknownLandingError: the branch has no such landing.
        PurgedLandingError: the branch no longer holds it.
    """
    parameters = {"branch": branch_uuid(branch_id), "landing": landing}
    rows = connection.execute(_CHAIN, parameters).all()
    if not rows:
        read_landing(connection, branch_id, landing)  # raises, and says what is not there
    if rows[0].landing < rows[0].horizon:
        raise PurgedLandingError(branch_id, rows[0].landing, rows[0].horizon)
    return State(tuple((row.branch_id, row.landing) for row in rows))


def read_landing(connection: Connection, branch_id: str, number: int | None) -> Landing:
    """Return a landing of a branch; None is the head.

    Raises:
        UnknownBranchError: there is no such branch.
        UnknownLandingError: the branch has no such landing.
    """
    branch = branch_uuid(branch_id)
    head = connection.execute(_HEAD, {"branch": branch}).one_or_none()
    if head is None:
        raise UnknownBranchError(branch_id)
    if number is None or number == head.number:
        return landing_of(head)
    row = connection.execute(_ONE, {"branch": branch, "number": number}).one_or_none()
    if row is None:
        raise UnknownLandingError(branch_id, number)
    return landing_of(row)


def read_landing_of_attempt(connection: Connection, attempt_id: uuid.UUID) -> Landing | None:
    """Return the landing that an attempt made, if it made one."""
    row = connection.execute(_OF_ATTEMPT, {"attempt": attempt_id}).one_or_none()
    return landing_of(row) if row is not None else None


def landing_of(row: Row[Any]) -> Landing:
    """Return the landing of a row."""
    return Landing(
        branch_id=str(row.branch_id),
        number=row.number,
        version_vector=row.version_vector,
        attempt_id=row.attempt_id,
        author=row.author,
        exit_status=row.exit_status,
        note=row.note,
        landed_at=row.landed_at,
    )


def read_tree(connection: Connection, state: State) -> Tree:
    """Return all files of a state. Three queries, whatever its size; the texts are joined there."""
    files = connection.execute(
        state.select("n.node_id, n.kind, n.text, n.meta, n.path", "n.is_structure AND n.path <> ''")
    ).all()
    contents = text(_contents(len(state.levels), "n.file_id IS NOT NULL"))
    rows = connection.execute(contents, state.parameters)
    return _made_files(connection, files, {row.file_id: row.content for row in rows})


def read_file(connection: Connection, state: State, path: str) -> TreeFile | None:
    """Return one file of a state; None if there is none. One query, none of all the files."""
    query = _file_query(len(state.levels))
    row = connection.execute(query, state.parameters | {"path": path}).one_or_none()
    if row is None:
        return None
    contents = {} if row.content is None else {row.node_id: row.content}
    return _made_files(connection, [row], contents)[path]


@lru_cache
def _file_query(levels: int) -> TextClause:
    """Return the query for a file; made once, for to make it takes longer than to ask it."""
    columns = "n.node_id, n.kind, n.text, n.meta, n.path"
    named = versions_of(levels, columns, "n.is_structure AND n.path = :path")
    inner = _contents(levels, "n.file_id = (SELECT node_id FROM file)")
    return text(
        f"WITH file AS ({named}), contents AS ({inner})"  # noqa: S608 - of this package
        " SELECT file.*, contents.content"
        " FROM file LEFT JOIN contents ON contents.file_id = file.node_id"
    )


def _contents(levels: int, condition: str) -> str:
    """Return the text of a query for the contents of files, each joined in order."""
    columns = "n.file_id, n.sortkey, n.lead, n.text"
    inner = versions_of(levels, columns, f"NOT n.is_structure AND {condition}")
    return (
        "SELECT file_id, string_agg(lead || text, '' ORDER BY sortkey) AS content"  # noqa: S608 - of this package
        f" FROM ({inner}) AS inner_nodes GROUP BY file_id"
    )


def _made_files(
    connection: Connection, files: Sequence[Row[Any]], contents: dict[NodeId, str]
) -> Tree:
    """Return files by path, from their rows and what their nodes come to, joined."""
    blobs = read_blobs(
        connection,
        [
            contents.get(row.node_id, "")
            for row in files
            if row.meta.get("format") == FileFormat.BLOB
        ],
    )
    return {
        row.path: link_of(row.text)
        if row.kind == NodeKind.LINK
        else file_of(row.meta, contents.get(row.node_id, ""), blobs.get)
        for row in sorted(files, key=lambda row: row.path)
    }


def read_nodes(
    connection: Connection,
    state: State,
    *,
    file_ids: Collection[NodeId] = (),
    node_ids: Collection[NodeId] = (),
    with_structure: bool = True,
) -> dict[NodeId, Node]:
    """Return folders, files and links; the contents of some files; and some nodes by id."""
    wanted = "n.file_id = ANY(:files) OR n.node_id = ANY(:nodes)"
    condition = f"n.is_structure OR {wanted}" if with_structure else wanted
    query = state.select(NODE_SELECT, condition).bindparams(
        bindparam("files", list(file_ids), type_=ARRAY(UUID(as_uuid=True))),
        bindparam("nodes", list(node_ids), type_=ARRAY(UUID(as_uuid=True))),
    )
    return {row.node_id: node_of(row) for row in connection.execute(query)}


def read_file_ids(
    connection: Connection, state: State, node_ids: Collection[NodeId]
) -> dict[NodeId, NodeId]:
    """Return in which file each of these nodes hangs; those in none are left out."""
    condition = "n.node_id = ANY(:nodes) AND n.file_id IS NOT NULL"
    query = state.select("n.node_id, n.file_id", condition).bindparams(
        bindparam("nodes", list(node_ids), type_=ARRAY(UUID(as_uuid=True)))
    )
    return {row.node_id: row.file_id for row in connection.execute(query)}


def read_blobs(connection: Connection, hashes: Iterable[str]) -> dict[str, bytes]:
    """Return blobs by their SHA-256; what names none is left out."""
    wanted = sorted(set(hashes))
    if not wanted:
        return {}
    return {row.sha256: row.data for row in connection.execute(_BLOBS, {"hashes": wanted})}


def read_touched(
    connection: Connection, branch_id: str, since: int, until: int
) -> frozenset[NodeId]:
    """Return the nodes of which a version began after one landing, up to another."""
    parameters = {"branch": branch_uuid(branch_id), "since": since, "until": until}
    return frozenset(row.node_id for row in connection.execute(_TOUCHED, parameters))


def read_paths(
    connection: Connection, state: State, node_ids: Collection[NodeId]
) -> frozenset[str]:
    """Return the paths of the files that these nodes hang in, or are."""
    file_ids = set(read_file_ids(connection, state, node_ids).values())
    condition = "n.node_id = ANY(:files) AND n.path IS NOT NULL"
    query = state.select("n.path", condition).bindparams(
        bindparam("files", list(file_ids), type_=ARRAY(UUID(as_uuid=True)))
    )
    return frozenset(row.path for row in connection.execute(query))


def read_definitions(connection: Connection, state: State) -> dict[NodeId, Node]:
    """Return all classes and functions that hang in a file."""
    condition = "n.kind IN ('class', 'def') AND n.file_id IS NOT NULL"
    query = state.select(NODE_SELECT, condition)
    return {row.node_id: node_of(row) for row in connection.execute(query)}
