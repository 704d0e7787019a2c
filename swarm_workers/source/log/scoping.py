"""The nodes of one folder or file, with the folders that it hangs in."""

from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from swarm_workers.source.reading import State, read_nodes
from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind
from tasks_schema.messages.source import ROOT


def nodes_in_scope(connection: Connection, state: State, scope: str) -> set[NodeId]:
    """Return the ids of all nodes in a folder or file of a state; empty if there is none."""
    nodes = read_nodes(connection, state)
    shape = shape_of(nodes)
    inside = {
        node_id
        for path, node_id in shape.files.items()
        if path == scope or path.startswith(f"{scope}/")
    }
    folder = shape.folders.get(scope)
    if folder is not None:
        inside |= {folder} | {each.node_id for each in shape.beneath(folder)}
    return inside | _around(shape, nodes, inside) | _contents(connection, state, inside)


def paths_known(connection: Connection, state: State) -> set[str]:
    """Return the paths of all folders and files of a state."""
    shape = shape_of(read_nodes(connection, state))
    return (shape.files.keys() | shape.folders.keys()) - {""}


def _around(shape: Shape, nodes: dict[NodeId, Node], inside: set[NodeId]) -> set[NodeId]:
    """Return the folders that these nodes hang in."""
    parents = {
        child.node_id: parent
        for parent, children in shape.children.items()
        if parent in nodes and nodes[parent].kind is NodeKind.DIR
        for child in children
    }
    found: set[NodeId] = set()
    for node_id in inside:
        at = parents.get(node_id, ROOT)
        while at != ROOT and at not in found:
            found.add(at)
            at = parents.get(at, ROOT)
    return found


def _contents(connection: Connection, state: State, file_ids: set[NodeId]) -> set[NodeId]:
    query = state.select("n.node_id", "n.file_id = ANY(:files)").bindparams(
        bindparam("files", list(file_ids), type_=ARRAY(UUID(as_uuid=True)))
    )
    return set(connection.execute(query).scalars())
