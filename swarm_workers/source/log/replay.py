"""The state of any version vector, whether it ever was a landing or not.

A vector that a landing has is read from that landing. Any other is the greatest landing that it
covers, with the operations joined in that it has seen beyond: registers do not mind the order.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, text

from swarm_workers.protocols import Tree
from swarm_workers.source.log.errors import UnknownVectorError
from swarm_workers.source.log.vectors import Run, Vector, covers, missing
from swarm_workers.source.pieces import FileFormat
from swarm_workers.source.reading import (
    branch_uuid,
    read_blobs,
    read_landing,
    read_tree,
    state_of,
)
from swarm_workers.source.registers import Node, apply_operations
from swarm_workers.source.rows import NODE_SELECT, node_of, operation_of
from swarm_workers.source.shape import shape_of
from swarm_workers.source.tree_files import content_at, files_at
from swarm_workers.source.values import Landing
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation

_LAST = text(
    "SELECT author_seq FROM operations WHERE author = :author ORDER BY author_seq DESC LIMIT 1"
)
_HORIZON = text("SELECT horizon FROM branches WHERE branch_id = :branch")
_LOG_COLUMNS = "author, author_seq, lamport, kind, node_id, attempt_id, payload"
STREAMED = {"yield_per": 2_000}
"""How many rows of the log are in memory at once."""


def tree_at(connection: Connection, branch_id: str, vector: Vector) -> Tree:
    """Return the files of the state that a vector speaks of.

    Raises:
        UnknownVectorError: it names operations that are not here.
        UnknownBranchError: there is no such branch.
    """
    require_held(connection, vector)
    below = landing_below(connection, branch_id, vector)
    if below is not None and covers(below.version_vector, vector):
        return read_tree(connection, state_of(connection, branch_id, below.number))
    nodes = nodes_at(connection, branch_id, vector)
    shape = shape_of(nodes)
    files = [nodes[node_id] for node_id in shape.files.values()]
    blobs = [
        content_at(each, shape) for each in files if each.meta.get("format") == FileFormat.BLOB
    ]
    return files_at(nodes, shape, read_blobs(connection, blobs).get)


def nodes_at(connection: Connection, branch_id: str, vector: Vector) -> dict[NodeId, Node]:
    """Return the nodes of the state that a vector speaks of, hidden ones included."""
    below = landing_below(connection, branch_id, vector)
    nodes: dict[NodeId, Node] = {}
    if below is not None:
        state = state_of(connection, branch_id, below.number)
        rows = connection.execute(state.select(NODE_SELECT, "TRUE"))
        nodes = {row.node_id: node_of(row) for row in rows}
    rest = missing(below.version_vector if below is not None else {}, vector)
    return apply_operations(nodes, read_operations(connection, rest))


def landing_below(connection: Connection, branch_id: str, vector: Vector) -> Landing | None:
    """Return the newest landing that holds nothing a vector has not seen; None if there is none.

    Every landing of a branch holds all of the one before it, so few have to be looked at.
    """
    horizon: int = connection.execute(_HORIZON, {"branch": branch_uuid(branch_id)}).scalar() or 0
    fitting: Landing | None = None
    low, high = horizon, read_landing(connection, branch_id, None).number
    while low <= high:
        middle = read_landing(connection, branch_id, (low + high) // 2)
        if covers(vector, middle.version_vector):
            fitting, low = middle, middle.number + 1
        else:
            high = middle.number - 1
    return fitting


def require_held(connection: Connection, vector: Vector) -> None:
    """Refuse a vector that names operations that are not here.

    Raises:
        UnknownVectorError: naming the author and the number.
    """
    for author, seq in sorted(vector.items()):
        held = connection.execute(_LAST, {"author": author}).scalar() or 0
        if seq > held:
            raise UnknownVectorError(author, seq, held)


def read_operations(connection: Connection, runs: Sequence[Run]) -> Iterator[Operation]:
    """Yield the operations of runs, author by author; few are in memory at once."""
    for row in read_log(connection, runs):
        yield operation_of(row)


def read_log(connection: Connection, runs: Sequence[Run]) -> Iterator[Any]:
    """Yield rows of the log in the order of their stamps: what was seen before what saw it."""
    if not runs:
        return
    parts = [
        f"SELECT {_LOG_COLUMNS} FROM operations WHERE author = :author{at}"  # noqa: S608 - bound
        f" AND author_seq BETWEEN :first{at} AND :last{at}"
        for at in range(len(runs))
    ]
    values: dict[str, Any] = {}
    for at, run in enumerate(runs):
        values |= {f"author{at}": run.author, f"first{at}": run.first, f"last{at}": run.last}
    query = text(" UNION ALL ".join(parts) + " ORDER BY lamport, author, author_seq")
    with connection.execute(query, values, execution_options=STREAMED) as rows:
        yield from rows
