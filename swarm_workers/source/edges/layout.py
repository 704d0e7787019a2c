"""Where the nodes of one file begin in its text, and which definition each place is in.

Pure: no I/O, no clock, no chance.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Shape
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind

_SCOPES = frozenset([NodeKind.CLASS, NodeKind.DEF])


@dataclass(slots=True)
class Layout:
    """The text of one file, and its nodes in order."""

    file_id: NodeId
    data: bytes = b""
    starts: list[int] = field(default_factory=list)
    """Offset of each node's first byte, lead included."""
    node_ids: list[NodeId] = field(default_factory=list)
    scope_ids: list[NodeId] = field(default_factory=list)
    """For each node the innermost class or function that it is or is in, else the file."""

    @classmethod
    def of(cls, shape: Shape, file_id: NodeId) -> "Layout":
        """Return the layout of a file whose contents are in the shape."""
        layout = cls(file_id)
        parts: list[bytes] = []
        offset = 0
        for node, scope_id in _walk(shape, file_id):
            layout.starts.append(offset)
            layout.node_ids.append(node.node_id)
            layout.scope_ids.append(scope_id)
            parts.append((node.lead + node.text).encode())
            offset += len(parts[-1])
        layout.data = b"".join(parts)
        return layout

    def node_at(self, offset: int) -> NodeId:
        """Return the innermost node that holds a byte."""
        return self.node_ids[self._index(offset)] if self.node_ids else self.file_id

    def scope_at(self, offset: int) -> NodeId:
        """Return the innermost class or function that holds a byte, else the file."""
        return self.scope_ids[self._index(offset)] if self.scope_ids else self.file_id

    def _index(self, offset: int) -> int:
        return max(bisect_right(self.starts, offset) - 1, 0)


def _walk(shape: Shape, file_id: NodeId) -> Iterator[tuple[Node, NodeId]]:
    """Yield the nodes of a file in order, each with the scope that it is in."""
    waiting = [(node, file_id) for node in reversed(shape.children.get(file_id, ()))]
    while waiting:
        node, around = waiting.pop()
        scope_id = node.node_id if node.kind in _SCOPES else around
        yield node, scope_id
        beneath = shape.children.get(node.node_id, ())
        waiting += [(child, scope_id) for child in reversed(beneath)]
