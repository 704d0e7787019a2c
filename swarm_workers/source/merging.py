"""Operations made against an older landing, brought onto the head; or why that cannot be done.

Pure: no I/O, no clock, no chance.

Left to the registers alone, the later of two writes would win and tested work would vanish without
a word. So what both sides touched is looked at here, register by register, before anything lands.
A clean merge is not a right merge: the caller tests what comes out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from swarm_workers.protocols import TreeFile
from swarm_workers.source.pieces import Piece
from swarm_workers.source.registers import Node, Nodes, apply_operations
from swarm_workers.source.rekeying import has_moved, has_new_keys, place_anew
from swarm_workers.source.shape import Shape, is_structure, shape_of, touched_files
from swarm_workers.source.text_merge import merge_texts
from swarm_workers.source.tree_files import BlobReader, file_at
from swarm_workers.source.values import Clash, ClashKind
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import TRASH, Operation, Stamp

_AFTER_ALL = 2**62
"""A Lamport time above all others: here our operations come last, as they will when they land."""
_OPAQUE = frozenset([NodeKind.BLOB, NodeKind.LINK])
_DEFINITIONS = frozenset([NodeKind.CLASS, NodeKind.DEF])
_NAMESPACES = frozenset([NodeKind.FILE, NodeKind.CLASS])


@dataclass(frozen=True, slots=True)
class Side:
    """Nodes and the tree that they form."""

    nodes: Nodes
    shape: Shape
    changes: int = 0
    """How many sets of operations were put on top since it was read."""

    @classmethod
    def of(cls, nodes: Nodes) -> "Side":
        """Return the side of these nodes."""
        return cls(nodes, shape_of(nodes))

    def after(self, operations: Sequence[Operation]) -> "Side":
        """Return this side with operations on top, whatever their stamps are."""
        last = [
            replace(operation, stamp=Stamp(_AFTER_ALL + self.changes, "", index))
            for index, operation in enumerate(operations, 1)
        ]
        nodes = apply_operations(self.nodes, last)
        return Side(nodes, shape_of(nodes), self.changes + 1)

    def path(self, node_id: NodeId) -> str:
        """Return the path of the file that a node hangs in, empty if there is none."""
        file_id = self.shape.place(node_id).file_id
        return (self.shape.place(file_id).path or "") if file_id is not None else ""

    def piece(self, node_id: NodeId) -> Piece:
        """Return a node and all beneath it as a piece."""
        node = self.nodes[node_id]
        beneath = self.shape.children.get(node_id, [])
        children = tuple(self.piece(child.node_id) for child in beneath)
        kind = node.kind or NodeKind.RAW
        return Piece(kind, node.text, lead=node.lead, name=node.name, children=children)


@dataclass(slots=True)
class Rebased:
    """Operations that fit the head, and what stood in their way."""

    operations: list[Operation] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)


def rebase(base: Side, head: Side, operations: Sequence[Operation]) -> Rebased:
    """Return operations made on `base` as they are to be made on `head`."""
    rebasing = _Rebasing(base, head, base.after(operations), operations)
    for operation in operations:
        rebasing.take(operation)
    rebasing.check_formats()
    rebasing.check_result()
    return rebasing.result


def changed_files(before: Side, after: Side, blob_of: BlobReader) -> dict[str, TreeFile | None]:
    """Return the files that differ between two sides, as they are after; None if it is gone."""
    touched = _touched(before, after)
    changes: dict[str, TreeFile | None] = {}
    for path in sorted(_paths(before, touched) - set(after.shape.files)):
        changes[path] = None
    for path in sorted(_paths(after, touched)):
        file = file_at(after.nodes[after.shape.files[path]], after.shape, blob_of)
        at = before.shape.files.get(path)
        if at is None or file != file_at(before.nodes[at], before.shape, blob_of):
            changes[path] = file
    return changes


def _paths(side: Side, file_ids: set[NodeId]) -> set[str]:
    return {path for path, file_id in side.shape.files.items() if file_id in file_ids}


def _touched(before: Side, after: Side) -> set[NodeId]:
    return touched_files((before.nodes, before.shape), (after.nodes, after.shape))


class _Rebasing:
    """One set of operations on its way to the head."""

    def __init__(self, base: Side, head: Side, ours: Side, operations: Sequence[Operation]) -> None:
        self._base = base
        self._head = head
        self._ours = ours
        self._moved = {each.node_id for each in operations if each.kind is OperationKind.NODE_MOVE}
        self._inserted: set[NodeId] = set()
        self._dropped: set[NodeId] = set()
        self._twins: dict[NodeId, NodeId] = {}
        self._new_keys: dict[NodeId, bool] = {}
        self.result = Rebased()

    def take(self, operation: Operation) -> None:
        """Bring one operation over, drop it because the head has it, or record a clash."""
        match operation.kind:
            case OperationKind.NODE_INSERT:
                self._insert(operation)
            case OperationKind.NODE_UPDATE:
                self._update(operation)
            case OperationKind.NODE_MOVE:
                self._move(operation)
            case OperationKind.NODE_DELETE:
                self._delete(operation)
            case OperationKind.EDGE_INSERT | OperationKind.EDGE_DELETE:
                self._relate(operation)

    def check_formats(self) -> None:
        """Refuse a file that one side takes apart in another way while the other edits it."""
        theirs = _touched(self._base, self._head)
        for file_id in sorted(theirs & _touched(self._base, self._ours)):
            held = [side.nodes.get(file_id) for side in (self._base, self._ours, self._head)]
            formats = [node.meta.get("format", "") if node else "" for node in held]
            if len(set(formats)) > 1:
                self._clash(ClashKind.SAME_REGISTER, file_id, "meta", formats)

    def check_result(self) -> None:
        """Refuse what is wrong only in the merged tree: cycles, and files of one name."""
        merged = self._head.after(self.result.operations)
        for node_id in sorted(merged.shape.demoted - self._head.shape.demoted):
            self._clash(ClashKind.CYCLE, node_id, "place", ("", "", ""))
        for path, node_id in merged.shape.clashes:
            if (path, node_id) not in self._head.shape.clashes:
                self._clash(ClashKind.SAME_NAME, node_id, "name", ("", path, path))

    def _insert(self, operation: Operation) -> None:
        node_id = operation.node_id
        parent = self._parent_of(operation)
        if parent in self._dropped or node_id in self._head.nodes:
            self._dropped.add(node_id)
        elif parent in self._inserted:
            self._keep(operation, parent)
        elif not self._head.shape.is_seen(parent):
            self._dropped.add(node_id)
            self._clash(ClashKind.DELETED, parent, "", ("", self._ours_text(node_id), ""))
        elif (twin := self._twin_folder(operation, parent)) is not None:
            self._twins[node_id] = twin
        elif (rival := self._rival(node_id, parent)) is not None:
            self._dropped.add(node_id)
            self._meet(node_id, rival)
        else:
            self._keep(operation, parent)

    def _keep(self, operation: Operation, parent: NodeId) -> None:
        self._inserted.add(operation.node_id)
        self.result.operations.append(self._put(operation, parent))

    def _put(self, operation: Operation, parent: NodeId) -> Operation:
        """Return the operation with its place on the head."""
        position = operation.position
        if position and parent == operation.parent:
            position = self._position(operation.node_id, parent, position)
        return replace(operation, parent=parent, position=position)

    def _position(self, node_id: NodeId, parent: NodeId, position: str) -> str:
        """Return where a node stands on the head, whose siblings may have new positions."""
        if not self._has_new_keys(parent):
            return position
        shapes = self._base.shape, self._ours.shape, self._head.shape
        return place_anew(*shapes, node_id, (parent, position))

    def _has_new_keys(self, parent: NodeId) -> bool:
        if parent not in self._new_keys:
            shapes = self._base.shape, self._head.shape
            self._new_keys[parent] = has_new_keys(*shapes, parent)
        return self._new_keys[parent]

    def _parent_of(self, operation: Operation) -> NodeId:
        """Return under what an operation puts its node, on the head."""
        assert operation.parent is not None, f"nothing says where '{operation.node_id}' goes"
        return self._twins.get(operation.parent, operation.parent)

    def _twin_folder(self, operation: Operation, parent: NodeId) -> NodeId | None:
        """Return the folder that the head has already where this one would be made."""
        if operation.node_kind is not NodeKind.DIR:
            return None
        for each in self._head.shape.children.get(parent, []):
            if each.kind is NodeKind.DIR and each.name == operation.name:
                return each.node_id
        return None

    def _meet(self, node_id: NodeId, rival: Node) -> None:
        """Settle two inserts of the same thing: equal ones are one, others clash."""
        ours, theirs = self._ours.piece(node_id), self._head.piece(rival.node_id)
        if ours.digest != theirs.digest or self._ours.nodes[node_id].meta != rival.meta:
            texts = ("", self._ours_text(node_id), theirs.lead + theirs.text)
            self._clash(ClashKind.SAME_NAME, rival.node_id, "name", texts)

    def _rival(self, node_id: NodeId, parent: NodeId) -> Node | None:
        """Return what the head got in the same place, that this insert would say again."""
        own = self._ours.nodes[node_id]
        path = self._ours.shape.place(node_id).path
        if path is not None:
            there = self._head.shape.files.get(path)
            return self._head.nodes[there] if there is not None else None
        digest = self._ours.piece(node_id).digest
        siblings = self._head.shape.children.get(parent, [])
        for rival in (each for each in siblings if each.node_id not in self._base.nodes):
            if rival.kind is not own.kind or is_structure(rival):
                continue
            if _is_named(own, self._head.nodes.get(parent)) and rival.name == own.name:
                return rival
            is_equal = self._head.piece(rival.node_id).digest == digest
            if is_equal and self._is_one_gap(siblings, rival, own, parent):
                return rival
        return None

    def _is_one_gap(
        self, siblings: Sequence[Node], theirs: Node, ours: Node, parent: NodeId
    ) -> bool:
        position = self._position(ours.node_id, parent, ours.position)
        low, high = sorted([theirs.position, position])
        return not any(
            low < each.position < high for each in siblings if each.node_id in self._base.nodes
        )

    def _update(self, operation: Operation) -> None:
        node_id = operation.node_id
        if self._is_gone(node_id):
            return
        base, head = self._base.nodes[node_id], self._head.nodes[node_id]
        written: dict[str, Any] = {}
        for register in ("name", "lead", "text", "meta"):
            ours = getattr(operation, register)
            if ours is None or ours == getattr(head, register):
                continue
            merged = _merge(head.kind, register, _values(base, ours, head, register))
            if merged is None:
                values = tuple(str(each) for each in _values(base, ours, head, register))
                self._clash(ClashKind.SAME_REGISTER, node_id, register, values)
            elif merged != getattr(head, register):
                written[register] = merged
        if written:
            blank = {"name": None, "lead": None, "text": None, "meta": None}
            self.result.operations.append(replace(operation, **{**blank, **written}))

    def _move(self, operation: Operation) -> None:
        node_id, parent = operation.node_id, self._parent_of(operation)
        if self._is_gone(node_id):
            return
        base, head = self._base.nodes[node_id], self._head.nodes[node_id]
        is_there = parent in self._inserted or self._head.shape.is_seen(parent)
        if not is_there:
            self._clash(ClashKind.DELETED, parent, "", ("", self._ours_text(node_id), ""))
        elif (head.parent, head.position) == (parent, operation.position):
            return
        elif has_moved(self._base.shape, self._head.shape, base, head):
            places = tuple(str(each) for each in (base.parent, parent, head.parent))
            self._clash(ClashKind.SAME_REGISTER, node_id, "place", places)
        else:
            self.result.operations.append(self._put(operation, parent))

    def _delete(self, operation: Operation) -> None:
        node_id = operation.node_id
        if not self._head.shape.is_seen(node_id):
            return
        for node in (self._head.nodes[node_id], *self._head.shape.beneath(node_id)):
            if node.node_id not in self._moved and self._is_changed(node):
                base = self._base.nodes.get(node.node_id)
                texts = (base.text if base else "", "", node.lead + node.text)
                self._clash(ClashKind.DELETED, node.node_id, "", texts)
                return
        self.result.operations.append(operation)

    def _is_changed(self, node: Node) -> bool:
        """Say whether the head has a node otherwise than the base; a new key alone is nothing."""
        base = self._base.nodes.get(node.node_id)
        if base is None or has_moved(self._base.shape, self._head.shape, base, node):
            return True
        return replace(base, position=node.position, place=node.place) != node

    def _relate(self, operation: Operation) -> None:
        """Bring over what is said of an edge, unless the head does not know one of its ends."""
        assert operation.edge is not None, f"'{operation.kind}' names no edge"
        known = self._head.nodes.keys() | self._inserted
        if {operation.edge.source, operation.edge.target} <= known:
            self.result.operations.append(operation)

    def _is_gone(self, node_id: NodeId) -> bool:
        """Say whether the head no longer shows a node that we changed, and record the clash."""
        if self._head.shape.is_seen(node_id):
            return False
        base = self._base.nodes.get(node_id)
        texts = (base.text if base else "", self._ours_text(node_id), "")
        self._clash(ClashKind.DELETED, node_id, "", texts)
        return True

    def _ours_text(self, node_id: NodeId) -> str:
        node = self._ours.nodes[node_id]
        return node.lead + node.text

    def _clash(self, kind: ClashKind, node_id: NodeId, register: str, texts: Sequence[str]) -> None:
        sides = (self._head, self._base, self._ours)
        path = next((side.path(node_id) for side in sides if side.path(node_id)), "")
        base, ours, theirs = texts
        self.result.clashes.append(Clash(kind, node_id, path, register, base, ours, theirs))


def _values(base: Node, ours: Any, head: Node, register: str) -> tuple[Any, Any, Any]:
    return getattr(base, register), ours, getattr(head, register)


def _merge(kind: NodeKind | None, register: str, values: tuple[Any, Any, Any]) -> Any | None:
    """Return what base, ours and theirs come to, or None if they do not go together."""
    base, ours, theirs = values
    if theirs in (base, ours):
        return ours
    if register == "meta":
        return _merge_meta(base, ours, theirs)
    if register == "name" or kind in _OPAQUE:
        return None
    return merge_texts(base, ours, theirs)


def _merge_meta(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any] | None:
    merged: dict[str, Any] = {}
    for key in sorted(base.keys() | ours.keys() | theirs.keys()):
        before, left, right = base.get(key), ours.get(key), theirs.get(key)
        if before not in (left, right) and left != right:
            return None
        merged[key] = left if right == before else right
    return merged


def _is_named(node: Node, parent: Node | None) -> bool:
    """Say whether a second node of this name under one parent would take the first one's place."""
    in_namespace = parent is not None and parent.kind in _NAMESPACES
    return bool(node.name) and (node.kind in _DEFINITIONS or in_namespace)


def touched_nodes(operations: Sequence[Operation]) -> Iterator[NodeId]:
    """Yield the nodes that operations write, and the parents and ends of edges that they name."""
    for operation in operations:
        yield operation.node_id
        if operation.edge is not None:
            yield operation.edge.target
        if operation.parent is not None and operation.parent != TRASH:
            yield operation.parent
