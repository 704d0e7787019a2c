"""Operations: the truth of the source store, as every process and every hub reads them.

A node of source is a product of registers, and an operation writes some of them. Its *stamp* says
when: of two writes to a register the one with the greater stamp wins (for a node's birth the
lesser), so that the same operations give the same nodes in whatever order they arrive.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind, NodeKind, OperationKind

ROOT = NodeId(uuid.UUID(int=1))
"""The parent of a tree's topmost nodes. It has no row of its own."""
TRASH = NodeId(uuid.UUID(int=2))
"""The parent of deleted nodes: to delete is to move there, so a move back undeletes."""
LOST = NodeId(uuid.UUID(int=3))
"""The parent of a node that malformed operations left without any place."""


class Stamp(NamedTuple):
    """When an operation happened. Compared field by field, authors by their bytes."""

    lamport: int
    """Greater than that of all operations that its author had seen."""
    author: str
    """The lane that wrote it: a landing lane of one branch, never a single agent."""
    author_seq: int
    """1, 2, 3, … for each author, without holes: with `author`, the operation's identity."""


UNSTAMPED = Stamp(0, "", 0)
"""The stamp of a register that nobody wrote, and of an operation that has not landed."""

_NODE_FIELDS = ("node_kind", "parent", "position", "name", "lead", "text", "meta")
_node_values = attrgetter(*_NODE_FIELDS)


class EdgeId(NamedTuple):
    """Which edge: there is one at most of each kind between two nodes, in each direction."""

    source: NodeId
    """The node that depends."""
    target: NodeId
    """The node that it depends on."""
    kind: EdgeKind


@dataclass(frozen=True, slots=True)
class Operation:
    """One change to one node or edge. A field that is None leaves its register as it is."""

    kind: OperationKind
    node_id: NodeId
    """Of an edge: the node that it starts at."""
    node_kind: NodeKind | None = None
    """Of an insert."""
    parent: NodeId | None = None
    """Of an insert, a move, and (always `TRASH`) a delete. Written together with `position`."""
    position: str | None = None
    """Where it stands among its siblings: an ordering key, see `swarm_workers.source.positions`."""
    name: str | None = None
    lead: str | None = None
    """Blank lines and comments above the text."""
    text: str | None = None
    meta: Mapping[str, Any] | None = None
    """Of files: format, encoding, byte order mark, executable bit."""
    blob: bytes | None = None
    """Bytes whose SHA-256 is `text`; kept in a table of its own, not in the payload."""
    edge: EdgeId | None = None
    """Of `edge_insert` and `edge_delete`, which write its one register: whether it is there."""
    stamp: Stamp = UNSTAMPED

    @classmethod
    def of_edge(cls, kind: OperationKind, edge: EdgeId) -> "Operation":
        """Return the operation that makes an edge be there, or not be there."""
        assert kind.is_of_edge, f"'{kind}' is not about an edge"
        return cls(kind, edge.source, edge=edge)

    @property
    def payload(self) -> dict[str, Any]:
        """The written registers, as JSON; for an edge its identity."""
        if self.edge is not None:
            source, target, kind = self.edge
            return {"from": str(source), "to": str(target), "kind": kind.value}
        written = zip(_NODE_FIELDS, _node_values(self), strict=True)
        payload: dict[str, Any] = {name: value for name, value in written if value is not None}
        if self.parent is not None:
            payload["parent"] = str(self.parent)
        return payload

    @classmethod
    def of_payload(
        cls, kind: str, node_id: uuid.UUID, payload: Mapping[str, Any], stamp: Stamp
    ) -> "Operation":
        """Return the operation whose payload this is; its blob, if any, stays behind."""
        if OperationKind(kind).is_of_edge:
            source, target = (NodeId(uuid.UUID(payload[end])) for end in ("from", "to"))
            edge = EdgeId(source, target, EdgeKind(payload["kind"]))
            return cls(OperationKind(kind), edge.source, edge=edge, stamp=stamp)
        written = dict(payload)
        if "node_kind" in written:
            written["node_kind"] = NodeKind(written["node_kind"])
        if "parent" in written:
            written["parent"] = NodeId(uuid.UUID(written["parent"]))
        return cls(OperationKind(kind), NodeId(node_id), stamp=stamp, **written)
