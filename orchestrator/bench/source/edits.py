"""Operations to push: such as edits are made of, on the nodes of a branch that is there."""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from sqlalchemy import Engine, text

from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import TRASH, Operation

_INSERTS_OF_TEN = 4
_DELETES_OF_TEN = 1
"""The others update: about what versions of real projects differ by."""


@dataclass(slots=True)
class Edits:
    """An endless supply of operations that fit a branch. Not for use from two threads."""

    nodes: Iterator[NodeId]
    """To be changed: statements that are there, over and over."""
    files: Sequence[NodeId]
    """To be inserted into."""
    texts: Iterator[str]

    @classmethod
    def on(cls, engine: Engine, branch: str, seed: int = 0) -> "Edits":
        """Return edits of the nodes that the head of a branch has. Blocks."""
        query = text(
            "SELECT node_id, kind, text FROM nodes WHERE branch_id = :branch"
            " AND landing_to IS NULL AND kind IN ('statement', 'file') ORDER BY node_id"
        )
        with engine.connect() as connection:
            rows = connection.execute(query, {"branch": uuid.UUID(branch)}).all()
        statements = [row for row in rows if row.kind == NodeKind.STATEMENT]
        random.Random(seed).shuffle(statements)  # noqa: S311 - the same in every run
        files = [NodeId(row.node_id) for row in rows if row.kind == NodeKind.FILE]
        ids = cycle([NodeId(row.node_id) for row in statements])
        return cls(ids, files, cycle([row.text for row in statements]))

    def batch(self, size: int) -> list[Operation]:
        """Return operations of one push, each on another node."""
        nodes = islice(self.nodes, size)
        return [self._one(number, node) for number, node in enumerate(nodes)]

    def _one(self, number: int, node: NodeId) -> Operation:
        if number % 10 < _INSERTS_OF_TEN:
            return self._insert(number)
        if number % 10 < _INSERTS_OF_TEN + _DELETES_OF_TEN:
            return Operation(OperationKind.NODE_DELETE, node, parent=TRASH, position="")
        return Operation(OperationKind.NODE_UPDATE, node, text=next(self.texts))

    def _insert(self, number: int) -> Operation:
        return Operation(
            OperationKind.NODE_INSERT,
            NodeId(uuid.uuid4()),
            node_kind=NodeKind.STATEMENT,
            parent=self.files[number % len(self.files)],
            position=f"a0.bench.a{number % 10}",
            name="",
            lead="",
            text=next(self.texts),
        )
