"""Nodes as products of registers, and operations joined into them.

Pure: no I/O, no clock, no chance.

| register | holds | which write wins |
|---|---|---|
| birth | kind, birth parent | the least stamp: it never changes once the first insert was seen |
| place | parent, position; deleting is moving to the trash | the greatest stamp |
| name, lead, text, meta | themselves, each alone | the greatest stamp |
| presence, of an edge | whether it is there | the greatest stamp |

Each register is a total order under min or max, so a node is a product of semilattices, and
applying an operation is joining it in. Laws, held by `tests/properties/source`: applying is
idempotent and commutative, whatever the order, the batches and the repetitions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import TRASH, UNSTAMPED, EdgeId, Operation, Stamp


@dataclass(frozen=True, slots=True)
class Node:
    """One node: what its registers hold, and who wrote each when."""

    node_id: NodeId
    kind: NodeKind | None = None
    """None until its insert was seen: such a node is hidden."""
    birth_parent: NodeId | None = None
    birth: Stamp = UNSTAMPED
    parent: NodeId | None = None
    position: str = ""
    place: Stamp = UNSTAMPED
    name: str = ""
    name_stamp: Stamp = UNSTAMPED
    lead: str = ""
    lead_stamp: Stamp = UNSTAMPED
    text: str = ""
    text_stamp: Stamp = UNSTAMPED
    meta: Mapping[str, Any] = field(default_factory=dict)
    meta_stamp: Stamp = UNSTAMPED

    @property
    def is_deleted(self) -> bool:
        """Say whether it lies in the trash itself; its ancestors may."""
        return self.parent == TRASH


Nodes = Mapping[NodeId, Node]


def apply_operations(nodes: Nodes, operations: Iterable[Operation]) -> dict[NodeId, Node]:
    """Return the nodes with the operations joined in; the argument is left as it was.

    Operations on edges say nothing of nodes: see `apply_to_edges`.
    """
    joined = dict(nodes)
    for operation in operations:
        if operation.edge is not None:
            continue
        before = joined.get(operation.node_id) or Node(operation.node_id)
        joined[operation.node_id] = _join(before, operation)
    return joined


@dataclass(frozen=True, slots=True)
class Presence:
    """The one register of an edge."""

    is_there: bool
    stamp: Stamp


def apply_to_edges(
    edges: Mapping[EdgeId, Presence], operations: Iterable[Operation]
) -> dict[EdgeId, Presence]:
    """Return the edges with the operations joined in; the argument is left as it was."""
    joined = dict(edges)
    for operation in operations:
        edge, stamp = operation.edge, operation.stamp
        if edge is not None and (edge not in joined or stamp > joined[edge].stamp):
            joined[edge] = Presence(operation.kind is OperationKind.EDGE_INSERT, stamp)
    return joined


def _join(node: Node, operation: Operation) -> Node:
    stamp = operation.stamp
    changes: dict[str, Any] = {}
    if operation.kind is OperationKind.NODE_INSERT and _is_first(node, stamp):
        changes.update(kind=operation.node_kind, birth_parent=operation.parent, birth=stamp)
    if operation.parent is not None and stamp > node.place:
        changes.update(parent=operation.parent, position=operation.position or "", place=stamp)
    for register in ("name", "lead", "text", "meta"):
        value = getattr(operation, register)
        if value is not None and stamp > getattr(node, f"{register}_stamp"):
            changes[register] = value
            changes[f"{register}_stamp"] = stamp
    return replace(node, **changes) if changes else node


def _is_first(node: Node, stamp: Stamp) -> bool:
    return node.kind is None or stamp < node.birth
