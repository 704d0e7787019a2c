"""Edges and files of a stored state, as far as deriving the next one's edges asks for them."""

import re
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from swarm_workers.source import reading
from swarm_workers.source.edges.deriving import difference, edge_changes, edges_of_tree
from swarm_workers.source.merging import Side
from swarm_workers.source.reading import State
from swarm_workers.source.registers import Node
from swarm_workers.source.rows import NODE_SELECT, node_of
from swarm_workers.source.shape import Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind
from tasks_schema.messages.source import EdgeId, Operation

_ORIGIN = text(
    """
    SELECT l.attempt_id IS NOT NULL AS is_landed, b.parent_branch IS NOT NULL AS is_fork,
        l.number = 0 AND b.digest IS NOT NULL AS is_imported
    FROM landings l JOIN branches b USING (branch_id)
    WHERE l.branch_id = :branch AND l.number = :landing
    """
)
_UUIDS = ARRAY(UUID(as_uuid=True))


class StoredState:
    """One landing, read where it is asked for; a file is read once."""

    def __init__(self, connection: Connection, state: State) -> None:
        """Take the state."""
        self._connection = connection
        self._state = state
        self._contents: dict[NodeId, Shape] = {}

    def contents(self, file_id: NodeId) -> Shape:
        """Return the tree of one file."""
        if file_id not in self._contents:
            nodes = reading.read_nodes(
                self._connection, self._state, file_ids=[file_id], with_structure=False
            )
            self._contents[file_id] = shape_of(nodes)
        return self._contents[file_id]

    def importers(self, file_ids: Collection[NodeId]) -> set[NodeId]:
        """Return the files that import any of these."""
        edges = read_edges(self._connection, self._state, "e.to_node = ANY(:ids)", file_ids)
        sources = {edge.source for edge in edges if edge.kind is EdgeKind.IMPORTS}
        return set(reading.read_file_ids(self._connection, self._state, sources).values())

    def mentioning(self, word: str) -> set[NodeId]:
        """Return the files whose text holds a word."""
        return self._matching(rf"\m{re.escape(word)}\M", "n.file_id IS NOT NULL", ())

    def saying(self, names: Collection[str], file_ids: Collection[NodeId]) -> set[NodeId]:
        """Return those of some files whose text holds any of these names, or a star import."""
        words = "|".join(re.escape(name) for name in sorted(names))
        pattern = rf"\m({words})\M|import\s*\*"
        return self._matching(pattern, "n.file_id = ANY(:files)", file_ids)

    def _matching(self, pattern: str, condition: str, file_ids: Collection[NodeId]) -> set[NodeId]:
        every = f"NOT n.is_structure AND {condition} AND n.text ~ :pattern"
        query = self._state.select("DISTINCT n.file_id", every)
        if file_ids:
            query = query.bindparams(bindparam("files", list(file_ids), type_=_UUIDS))
        return {row.file_id for row in self._connection.execute(query, {"pattern": pattern})}

    def edges_from(self, node_ids: Collection[NodeId]) -> set[EdgeId]:
        """Return the edges that start at any of these nodes."""
        return read_edges(self._connection, self._state, "e.from_node = ANY(:ids)", node_ids)


def edges_after(
    connection: Connection, state: State, sides: tuple[Side, Side], operations: Sequence[Operation]
) -> list[Operation]:
    """Return the operations on edges that belong to a landing. Blocks.

    Whoever pushes to a branch, or brings operations of another hub, says of edges what they like,
    or nothing. The next landing then looks at the whole tree, and puts right what is wrong.

    Args:
        connection: to read with.
        state: the head.
        sides: the head and the landing, as far as loaded: all folders and files, and the contents
            of the files that the operations touch.
        operations: of the landing.
    """
    if is_derived(connection, state):
        before, after = ((side.nodes, side.shape) for side in sides)
        return edge_changes(before, after, StoredState(connection, state))
    rows = connection.execute(state.select(NODE_SELECT, "TRUE"))
    nodes: dict[NodeId, Node] = {row.node_id: node_of(row) for row in rows}
    whole = Side.of(nodes).after(operations)
    old = read_edges(connection, state, "e.from_node = ANY(:ids)", nodes.keys())
    return difference(old, edges_of_tree(whole.nodes, whole.shape))


def is_derived(connection: Connection, state: State) -> bool:
    """Say whether the edges of a state were found when it came to be: not by a push."""
    for branch, landing in state.levels:
        row = connection.execute(_ORIGIN, {"branch": branch, "landing": landing}).one()
        if row.is_landed or row.is_imported:
            return True
        if landing > 0 or not row.is_fork:
            return False
    return False


def read_edges(
    connection: Connection, state: State, condition: str, node_ids: Collection[NodeId]
) -> set[EdgeId]:
    """Return the edges of a state that meet a condition on `e`, in which `:ids` is these nodes."""
    if not node_ids:
        return set()
    parts = [_level(depth, condition) for depth in range(len(state.levels))]
    levels = {
        f"{name}{depth}": value
        for depth, level in enumerate(state.levels)
        for name, value in zip(("branch", "landing"), level, strict=True)
    }
    query = text(" UNION ALL ".join(parts)).bindparams(
        bindparam("ids", list(node_ids), type_=_UUIDS), **levels
    )
    rows = connection.execute(query)
    return {EdgeId(row.from_node, row.to_node, EdgeKind(row.kind)) for row in rows}


def _level(depth: int, condition: str) -> str:
    """Return the query for the edges of one branch that no nearer branch speaks of."""
    nearer = "".join(
        f" AND NOT EXISTS (SELECT FROM edges o WHERE o.branch_id = :branch{each}"
        " AND o.from_node = e.from_node AND o.to_node = e.to_node AND o.kind = e.kind"
        f" AND o.landing_from <= :landing{each})"
        for each in range(depth)
    )
    # Only names written in this package are put into the text; values are bound.
    return (
        "SELECT e.from_node, e.to_node, e.kind FROM edges e"  # noqa: S608
        f" WHERE e.branch_id = :branch{depth} AND e.landing_from <= :landing{depth}"
        f" AND (e.landing_to IS NULL OR e.landing_to > :landing{depth})"
        f" AND e.is_there AND {condition}{nearer}"
    )
