"""Trees kept in memory, as a store keeps them, and their edges by name."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from hashlib import sha256
from itertools import count
from uuid import UUID

from swarm_workers.protocols import TreeFile
from swarm_workers.source.edges.deriving import edge_changes, edges_of_tree, insert_edges
from swarm_workers.source.registers import Node, apply_operations, apply_to_edges
from swarm_workers.source.scope import modules_of
from swarm_workers.source.shape import Shape, shape_of
from swarm_workers.source.tree_diff import diff_tree
from swarm_workers.source.tree_files import files_at
from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind
from tasks_schema.messages.source import EdgeId, Operation, Stamp


class MemoryTree:
    """Nodes and edges of one head; operations are stamped as a lane would."""

    def __init__(self) -> None:
        self.nodes: dict[NodeId, Node] = {}
        self.blobs: dict[str, bytes] = {}
        self.edges: frozenset[EdgeId] = frozenset()
        self.files_read: set[NodeId] = set()
        self._ids = count(1000)
        self._lamports = count(1)

    @classmethod
    def of(cls, sources: Mapping[str, str]) -> "MemoryTree":
        tree = cls()
        tree.change(sources)
        return tree

    def new_id(self) -> NodeId:
        return NodeId(UUID(int=next(self._ids)))

    def propose(self, changes: Mapping[str, TreeFile | None]) -> list[Operation]:
        operations = diff_tree(self.nodes, changes, self.new_id, self.blobs.__getitem__)
        for each in operations:
            if each.blob is not None:
                self.blobs[sha256(each.blob).hexdigest()] = each.blob
        return list(operations)

    def apply(self, operations: list[Operation]) -> None:
        lamport = next(self._lamports)
        stamped = [
            replace(each, stamp=Stamp(lamport, "lane", lamport * 10**6 + index))
            for index, each in enumerate(operations)
        ]
        self.nodes = apply_operations(self.nodes, stamped)

    def files(self) -> dict[str, TreeFile]:
        return files_at(self.nodes, shape_of(self.nodes), self.blobs.__getitem__)

    def change(self, sources: Mapping[str, str | None]) -> list[Operation]:
        """Write sources, and the edges that follow; return the operations on edges."""
        files = {
            path: None if source is None else TreeFile(source.encode())
            for path, source in sources.items()
        }
        before = (self.nodes, shape_of(self.nodes))
        self.apply(self.propose(files))
        after = (self.nodes, shape_of(self.nodes))
        stock = MemoryStock(*before, self.edges)
        self.files_read = stock.files_read
        if before[0]:
            operations = edge_changes(before, after, stock)
        else:
            operations = insert_edges(edges_of_tree(*after))
        known = apply_to_edges({}, insert_edges(self.edges))
        stamped = [
            replace(each, stamp=Stamp(2, "lane", index)) for index, each in enumerate(operations, 1)
        ]
        joined = apply_to_edges(known, stamped)
        self.edges = frozenset(edge for edge, each in joined.items() if each.is_there)
        return operations

    def edges_from_scratch(self) -> frozenset[EdgeId]:
        return edges_of_tree(self.nodes, shape_of(self.nodes))

    def named(self, edges: Collection[EdgeId]) -> set[tuple[str, EdgeKind, str]]:
        """Return edges with the dotted paths of their ends."""
        shape = shape_of(self.nodes)
        modules = modules_of(shape.files)
        names = {shape.files[path]: module for path, module in modules.items()}
        parents = {
            each.node_id: parent for parent, siblings in shape.children.items() for each in siblings
        }

        def dotted(node_id: NodeId) -> str:
            if node_id in names:
                return names[node_id]
            own = self.nodes[node_id].name or "?"
            return f"{dotted(parents[node_id])}.{own}"

        return {(dotted(each.source), each.kind, dotted(each.target)) for each in edges}


class MemoryStock:
    """What deriving edges asks of a stored state."""

    def __init__(
        self, nodes: Mapping[NodeId, Node], shape: Shape, edges: Collection[EdgeId]
    ) -> None:
        self._nodes = nodes
        self._shape = shape
        self._edges = edges
        self.files_read: set[NodeId] = set()

    def contents(self, file_id: NodeId) -> Shape:
        self.files_read.add(file_id)
        beneath = {each.node_id: each for each in self._shape.beneath(file_id)}
        return shape_of({file_id: self._nodes[file_id], **beneath})

    def importers(self, file_ids: Collection[NodeId]) -> set[NodeId]:
        found = {
            self._shape.place(each.source).file_id
            for each in self._edges
            if each.kind is EdgeKind.IMPORTS and each.target in file_ids
        }
        return {each for each in found if each is not None}

    def mentioning(self, word: str) -> set[NodeId]:
        return self._matching(rf"\b{re.escape(word)}\b")

    def saying(self, names: Collection[str], file_ids: Collection[NodeId]) -> set[NodeId]:
        words = "|".join(map(re.escape, names))
        return self._matching(rf"\b({words})\b|import\s*\*") & set(file_ids)

    def _matching(self, pattern: str) -> set[NodeId]:
        found = {
            self._shape.place(node_id).file_id
            for node_id, node in self._nodes.items()
            if re.search(pattern, node.text)
        }
        return {each for each in found if each is not None}

    def edges_from(self, node_ids: Collection[NodeId]) -> set[EdgeId]:
        return {each for each in self._edges if each.source in node_ids}
