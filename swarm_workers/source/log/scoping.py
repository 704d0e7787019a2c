"""The nodes of one folder or file, with the folders that these hang in."""

from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from swarm_workers.source.reading import State, read_nodes
from swarm_workers.source.registers import Node
from swarm_workers.source.scope import modules_of
from swarm_workers.source.shape import Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind
from tasks_schema.messages.source import ROOT

_FILES = text(
    """
    SELECT DISTINCT node_id FROM nodes WHERE branch_id = :branch AND landing_from <= :landing
        AND (path = :scope OR starts_with(path, :inside))
    """
)
_CONTENTS = text(
    """
    SELECT DISTINCT node_id FROM nodes WHERE branch_id = :branch AND landing_from <= :landing
        AND file_id = ANY(:files)
    """
).bindparams(bindparam("files", type_=ARRAY(UUID(as_uuid=True))))


def nodes_in_scope(connection: Connection, state: State, scope: str) -> set[NodeId]:
    """Return all nodes that were ever in a folder or file, up to a state; empty if none was.

    What left it is among them: a partial copy goes on to follow it, and never shows it as it was.
    """
    nodes = read_nodes(connection, state)
    shape = shape_of(nodes)
    files = _ever(connection, state, _FILES, {"scope": scope, "inside": f"{scope}/"})
    contents = _ever(connection, state, _CONTENTS, {"files": list(files)})
    folder = shape.folders.get(scope)
    folders = {folder} | {each.node_id for each in shape.beneath(folder)} if folder else set()
    inside = files | folders
    return inside | contents | _around(shape, nodes, inside)


def path_of(connection: Connection, state: State, scope: str) -> str:
    """Return the path that a person meant: `pkg.auth` may mean `src/pkg/auth.py`, or a folder."""
    known = paths_known(connection, state)
    if scope in known:
        return scope
    modules = modules_of(known)
    for path in sorted(path for path, module in modules.items() if module == scope):
        return path.removesuffix("/__init__.py")
    inside = sorted(path for path, module in modules.items() if module.startswith(f"{scope}."))
    return _folder_of(inside[0], modules[inside[0]], scope) if inside else scope


def _folder_of(path: str, module: str, scope: str) -> str:
    """Return the folder of a package without `__init__.py`, from a module in it."""
    deeper = len(module.split(".")) - len(scope.split("."))
    parts = path.removesuffix("/__init__.py").split("/")
    return "/".join(parts[:-deeper])


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


def _ever(
    connection: Connection, state: State, query: TextClause, values: dict[str, Any]
) -> set[NodeId]:
    """Return what a query finds among all versions that a state and those before it have."""
    found: set[NodeId] = set()
    for branch, landing in state.levels:
        where = {"branch": branch, "landing": landing}
        found |= set(connection.execute(query, where | values).scalars())
    return found
