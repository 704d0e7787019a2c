"""Loading what some operations or scopes are about: the files they touch and no others."""

from collections.abc import Sequence

from sqlalchemy import Connection

from swarm_workers.source import reading, scope
from swarm_workers.source.merging import Side, touched_nodes
from swarm_workers.source.reading import State
from swarm_workers.source.registers import Node
from swarm_workers.source.scope import LineRange, Scope
from swarm_workers.source.shape import shape_of
from swarm_workers.source.tree_files import BlobReader
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import Operation


def load_sides(
    connection: Connection, states: Sequence[State], operations: Sequence[Operation]
) -> list[Side]:
    """Return states as far as operations touch them: the same files and nodes of each."""
    structures = [reading.read_nodes(connection, state) for state in states]
    node_ids = set(touched_nodes(operations))
    file_ids = _files_to_load(structures, operations)
    for state in states:
        file_ids |= set(reading.read_file_ids(connection, state, node_ids).values())
    sides: list[Side] = []
    for state, structure in zip(states, structures, strict=True):
        contents = reading.read_nodes(
            connection, state, file_ids=file_ids, node_ids=node_ids, with_structure=False
        )
        sides.append(Side.of({**structure, **contents}))
    return sides


def _files_to_load(
    structures: Sequence[dict[NodeId, Node]], operations: Sequence[Operation]
) -> set[NodeId]:
    """Return the files that operations touch by other ways than by a node in them.

    A new file may meet one of its name; a folder that moves takes along all that is in it.
    """
    names = {each.name for each in operations if each.node_kind is NodeKind.FILE}
    changed = {each.node_id for each in operations if each.kind is not OperationKind.NODE_INSERT}
    every = [node for structure in structures for node in structure.values()]
    has_folder = any(node.kind is NodeKind.DIR and node.node_id in changed for node in every)
    return {
        node.node_id
        for node in every
        if node.kind is NodeKind.FILE and (has_folder or node.name in names)
    }


def load_lines(
    connection: Connection, state: State, files: dict[str, NodeId], inside: dict[str, str]
) -> Scope:
    """Return the lines that names mean in some files; files that lack the name are left out."""
    file_ids = [files[path] for path in inside]
    shape = shape_of(reading.read_nodes(connection, state, file_ids=file_ids))
    lines: dict[str, tuple[LineRange, ...]] = {
        path: scope.lines_of(shape, files[path], name) for path, name in inside.items()
    }
    return {path: ranges for path, ranges in lines.items() if ranges}


def blob_reader(connection: Connection, operations: Sequence[Operation]) -> BlobReader:
    """Return a reader of blobs that operations carry or that the database holds."""
    carried = {each.text: each.blob for each in operations if each.blob is not None}

    def read(key: str) -> bytes | None:
        blob = carried.get(key)
        return blob if blob is not None else reading.read_blobs(connection, [key]).get(key)

    return read
