"""The operations that turn a stored tree into another: whole files here, their contents beneath.

Pure but for the ids of new nodes, which are an argument.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace

from swarm_workers.protocols import TreeFile
from swarm_workers.source.content_diff import delete, diff_contents, insert_contents
from swarm_workers.source.file_nodes import decompose
from swarm_workers.source.pieces import FileNodes
from swarm_workers.source.registers import Node, Nodes
from swarm_workers.source.shape import Shape, shape_of
from swarm_workers.source.tree_files import BlobReader, file_at, meta_of, require_storable
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import Operation

Changes = Mapping[str, TreeFile | None]
"""Files by path as they are to be; None for one that is to go."""


def diff_tree(
    nodes: Nodes, changes: Changes, new_id: Callable[[], NodeId], blob_of: BlobReader
) -> tuple[Operation, ...]:
    """Return the operations that make these changes.

    Args:
        nodes: all folders, files and links, and the contents of the files that change.
        changes: a path that is to go and is not there is ignored.
        new_id: gives ids for new nodes.
        blob_of: reads stored blobs, to see which file was only renamed.

    Raises:
        UnsafePathError: a path that no file can have.
    """
    for path, file in changes.items():
        if file is not None:
            require_storable(path, file)
    writer = _Writer(nodes, shape_of(nodes), changes, new_id, blob_of)
    return tuple(writer.operations())


def nodes_of_inserts(operations: Iterable[Operation]) -> dict[NodeId, Node]:
    """Return the nodes that inserts make of nothing, before they have stamps."""
    return {
        each.node_id: Node(
            each.node_id,
            each.node_kind,
            each.parent,
            parent=each.parent,
            position=each.position or "",
            name=each.name or "",
            lead=each.lead or "",
            text=each.text or "",
            meta=each.meta or {},
        )
        for each in operations
    }


class _Writer:
    """One set of changes on its way to becoming operations."""

    def __init__(
        self,
        nodes: Nodes,
        shape: Shape,
        changes: Changes,
        new_id: Callable[[], NodeId],
        blob_of: BlobReader,
    ) -> None:
        self._nodes = nodes
        self._shape = shape
        self._changes = changes
        self._new_id = new_id
        self._blob_of = blob_of
        self._folders = dict(shape.folders)

    def operations(self) -> Iterator[Operation]:
        """Yield the operations: parents before children, deletions last."""
        renamed = self._renamed()
        for path, file in self._changes.items():
            if file is None:
                continue
            if path in renamed:
                yield from self._rename(renamed[path], path)
            else:
                yield from self._write(path, file)
        for path, file in self._changes.items():
            node_id = self._shape.files.get(path)
            if file is None and node_id is not None and node_id not in renamed.values():
                yield delete(node_id)

    def _renamed(self) -> dict[str, NodeId]:
        """Return the new paths that hold just what a path that goes held."""
        gone: dict[TreeFile, list[NodeId]] = {}
        for path, file in self._changes.items():
            node_id = self._shape.files.get(path)
            if file is None and node_id is not None:
                held = file_at(self._nodes[node_id], self._shape, self._blob_of)
                gone.setdefault(held, []).append(node_id)
        renamed: dict[str, NodeId] = {}
        for path, file in self._changes.items():
            if file is not None and path not in self._shape.files and gone.get(file):
                renamed[path] = gone[file].pop(0)
        return renamed

    def _rename(self, node_id: NodeId, path: str) -> Iterator[Operation]:
        folder, name = yield from self._folder_of(path)
        if self._nodes[node_id].parent != folder:
            yield Operation(OperationKind.NODE_MOVE, node_id, parent=folder, position="")
        if self._nodes[node_id].name != name:
            yield Operation(OperationKind.NODE_UPDATE, node_id, name=name)

    def _write(self, path: str, file: TreeFile) -> Iterator[Operation]:
        """Yield what makes a path hold this file, whatever it holds now."""
        node_id = self._shape.files.get(path)
        is_link = file.link_target is not None
        if node_id is not None and (self._nodes[node_id].kind is NodeKind.LINK) is not is_link:
            yield delete(node_id)
            node_id = None
        if node_id is None:
            yield from self._create(path, file)
        elif is_link:
            yield from self._retarget(self._nodes[node_id], file)
        else:
            yield from self._rewrite(self._nodes[node_id], path, file)

    def _create(self, path: str, file: TreeFile) -> Iterator[Operation]:
        folder, name = yield from self._folder_of(path)
        if file.link_target is not None:
            yield self._insert(NodeKind.LINK, folder, name, text=file.link_target)
            return
        contents = decompose(path, file.data)
        insert = self._insert(NodeKind.FILE, folder, name, meta=meta_of(file, contents))
        yield insert
        pieces = insert_contents(insert.node_id, contents.pieces, self._new_id)
        yield from _with_blob(pieces, contents)

    def _retarget(self, node: Node, file: TreeFile) -> Iterator[Operation]:
        if node.text != file.link_target:
            yield Operation(OperationKind.NODE_UPDATE, node.node_id, text=file.link_target)

    def _rewrite(self, node: Node, path: str, file: TreeFile) -> Iterator[Operation]:
        contents = decompose(path, file.data)
        meta = meta_of(file, contents)
        if meta != node.meta:
            yield Operation(OperationKind.NODE_UPDATE, node.node_id, meta=meta)
        pieces = diff_contents(self._shape, node.node_id, contents.pieces, self._new_id)
        yield from _with_blob(pieces, contents)

    def _folder_of(self, path: str) -> Generator[Operation, None, tuple[NodeId, str]]:
        """Yield what makes the folders of a path; return the last one's id and the file's name."""
        *parts, name = path.split("/")
        at = ""
        parent = self._folders[at]
        for part in parts:
            at = f"{at}/{part}" if at else part
            if at not in self._folders:
                insert = self._insert(NodeKind.DIR, parent, part)
                self._folders[at] = insert.node_id
                yield insert
            parent = self._folders[at]
        return parent, name

    def _insert(
        self,
        kind: NodeKind,
        parent: NodeId,
        name: str,
        *,
        text: str = "",
        meta: Mapping[str, object] | None = None,
    ) -> Operation:
        return Operation(
            OperationKind.NODE_INSERT,
            self._new_id(),
            node_kind=kind,
            parent=parent,
            position="",
            name=name,
            lead="",
            text=text,
            meta=meta or {},
        )


def _with_blob(operations: Iterator[Operation], contents: FileNodes) -> Iterator[Operation]:
    """Yield the operations; those that name the file's blob carry its bytes."""
    named = contents.pieces[0].text if contents.blob is not None else None
    for operation in operations:
        is_named = named is not None and operation.text == named
        yield replace(operation, blob=contents.blob) if is_named else operation
