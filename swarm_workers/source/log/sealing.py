"""Pushed operations become a landing: what lanes wrote beside the landings gets a number.

In the caller's transaction, which has the branch to itself.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from swarm_workers.source.log.landings import LandingEntry, record_landing
from swarm_workers.source.log.lanes import seen_by_lanes
from swarm_workers.source.log.vectors import join
from swarm_workers.source.reading import State, branch_uuid, read_landing, state_of
from swarm_workers.source.refit import Refit, Stored, refit
from swarm_workers.source.registers import Node
from swarm_workers.source.rows import NODE_SELECT, copy_rows, node_of, node_row, place_of
from swarm_workers.source.shape import is_structure
from swarm_workers.source.values import Landing
from tasks_schema.ids import NodeId
from tasks_schema.tables.source import NODES, PUSHED

_UUIDS = ARRAY(UUID(as_uuid=True))
_IS_PUSHED = text(
    """
    SELECT EXISTS (SELECT FROM nodes WHERE branch_id = :branch AND landing_from = :pushed)
        OR EXISTS (SELECT FROM edges WHERE branch_id = :branch AND landing_from = :pushed)
    """
)
_PUSHED_NODES = text(
    f"SELECT {NODE_SELECT} FROM nodes n"  # noqa: S608 - names of columns
    " WHERE n.branch_id = :branch AND n.landing_from = :pushed"
)
_END = text(
    """
    UPDATE nodes SET landing_to = :number WHERE branch_id = :branch AND landing_to IS NULL
        AND landing_from < :number AND node_id = ANY(:nodes)
    """
).bindparams(bindparam("nodes", type_=_UUIDS))
_LAND_NODES = text(
    """
    UPDATE nodes n SET landing_from = :number, file_id = p.file_id, sortkey = p.sortkey,
        path = p.path, is_structure = p.is_structure
    FROM unnest(CAST(:nodes AS uuid[]), CAST(:files AS uuid[]), CAST(:sortkeys AS text[]),
        CAST(:paths AS text[]), CAST(:structures AS boolean[]))
        AS p(node_id, file_id, sortkey, path, is_structure)
    WHERE n.branch_id = :branch AND n.landing_from = :pushed AND n.node_id = p.node_id
    """
)
_END_EDGES = text(
    """
    UPDATE edges e SET landing_to = :number FROM edges p
    WHERE p.branch_id = :branch AND p.landing_from = :pushed
        AND e.branch_id = p.branch_id AND e.from_node = p.from_node AND e.to_node = p.to_node
        AND e.kind = p.kind AND e.landing_to IS NULL AND e.landing_from < :number
    """
)
_LAND_EDGES = text(
    "UPDATE edges SET landing_from = :number WHERE branch_id = :branch AND landing_from = :pushed"
)


class HeadStock:
    """The nodes of a landing, read when they are asked for."""

    def __init__(self, connection: Connection, state: State | None) -> None:
        """Take the state; None for a branch without a landing yet."""
        self._connection = connection
        self._state = state

    def structure(self) -> dict[NodeId, Stored]:
        """Return all folders, files and links."""
        return self._read("n.is_structure")

    def hidden(self) -> dict[NodeId, Stored]:
        """Return all that is neither structure nor in a file."""
        return self._read("n.file_id IS NULL AND NOT n.is_structure")

    def contents(self, file_ids: Collection[NodeId]) -> dict[NodeId, Stored]:
        """Return what hangs in these files."""
        return self._read("n.file_id = ANY(:ids)", file_ids) if file_ids else {}

    def some(self, node_ids: Collection[NodeId]) -> dict[NodeId, Stored]:
        """Return these nodes; those that are not there are left out."""
        return self._read("n.node_id = ANY(:ids)", node_ids) if node_ids else {}

    def _read(self, condition: str, ids: Collection[NodeId] | None = None) -> dict[NodeId, Stored]:
        if self._state is None:
            return {}
        query = self._state.select(NODE_SELECT, condition)
        if ids is not None:
            query = query.bindparams(bindparam("ids", list(ids), type_=_UUIDS))
        rows = self._connection.execute(query)
        return {row.node_id: Stored(node_of(row), place_of(row)) for row in rows}


def seal_pushed(connection: Connection, head: Landing) -> Landing:
    """Return the head, after what was pushed since has become a landing of its own. Blocks.

    Args:
        connection: in a transaction that has the branch to itself.
        head: the newest landing.
    """
    branch = branch_uuid(head.branch_id)
    if not is_pushed(connection, branch):
        return head
    state = state_of(connection, head.branch_id, head.number)
    entry = LandingEntry(head.number + 1, "push", head.version_vector, note="what lanes had pushed")
    seal_nodes(connection, branch, state, entry.number)
    seal_edges(connection, branch, entry.number)
    vector = live_vector(connection, branch, head.version_vector)
    record_landing(connection, branch, entry, vector)
    return read_landing(connection, head.branch_id, entry.number)


def is_pushed(connection: Connection, branch: uuid.UUID) -> bool:
    """Say whether anything was pushed to a branch since its newest landing."""
    found = connection.execute(_IS_PUSHED, {"branch": branch, "pushed": PUSHED}).scalar_one()
    return bool(found)


def live_vector(
    connection: Connection, branch: uuid.UUID, landed: Mapping[str, int]
) -> dict[str, int]:
    """Return what a branch has seen: in its newest landing, and pushed since."""
    return join(landed, seen_by_lanes(connection, branch))


def seal_nodes(connection: Connection, branch: uuid.UUID, state: State | None, number: int) -> None:
    """Make what was pushed to a branch part of its landing `number`, the one after `state`."""
    where = {"branch": branch, "pushed": PUSHED}
    touched = {row.node_id: node_of(row) for row in connection.execute(_PUSHED_NODES, where)}
    fitted = refit(HeadStock(connection, state), touched)
    end_versions(connection, branch, number, fitted.changed)
    _land_pushed(connection, branch, number, touched, fitted)
    moved = sorted(fitted.changed - touched.keys())
    rows = (
        node_row(branch, number, fitted.nodes[each], fitted.shape.place(each)) for each in moved
    )
    copy_rows(connection, NODES, rows)


def seal_edges(connection: Connection, branch: uuid.UUID, number: int) -> None:
    """Make what was pushed of a branch's edges part of its landing `number`."""
    where = {"branch": branch, "pushed": PUSHED, "number": number}
    connection.execute(_END_EDGES, where)
    connection.execute(_LAND_EDGES, where)


def end_versions(
    connection: Connection, branch: uuid.UUID, number: int, changed: Iterable[NodeId]
) -> None:
    """End the versions of these nodes that were alive until a landing. Blocks."""
    values = {"branch": branch, "number": number, "nodes": list(changed)}
    connection.execute(_END, values)


def _land_pushed(
    connection: Connection,
    branch: uuid.UUID,
    number: int,
    touched: Mapping[NodeId, Node],
    fitted: Refit,
) -> None:
    places = [fitted.shape.place(each) for each in touched]
    values = {
        "nodes": list(touched),
        "files": [place.file_id for place in places],
        "sortkeys": [place.sortkey for place in places],
        "paths": [place.path for place in places],
        "structures": [is_structure(node) for node in touched.values()],
    }
    where = {"branch": branch, "pushed": PUSHED, "number": number}
    connection.execute(_LAND_NODES, where | values)
