"""Databases that exchange operations, and files of operations as they write them."""

import json
import uuid
from collections.abc import Sequence

from sqlalchemy import Row, create_engine, make_url, text

from swarm_workers.protocols import TreeFile
from swarm_workers.source.log import wire
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.log.vectors import join
from swarm_workers.source.reading import state_of
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Landing
from tasks_schema.messages.source import Operation

_EDGES = text(
    "SELECT * FROM edges WHERE branch_id = :branch AND landing_from <= :landing"
    " AND (landing_to IS NULL OR landing_to > :landing)"
)
_OWN = ("landing_from", "landing_to", "branch_id")


class Hub:
    """A database of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        self.store = SourceStore(self.engine)
        self.log = OperationLog(self.engine)

    def land(self, branch: str, changes: dict[str, TreeFile | None]) -> Landing:
        head = self.store.head(branch).number
        landed = self.store.land(
            branch,
            expected_head=head,
            operations=self.store.propose(branch, head, changes),
            author="somebody",
            attempt_id=uuid.uuid4(),
            exit_status=0,
        )
        assert isinstance(landed, Landing)
        return landed

    def send(self, branch: str, other: "Hub", scope: str | None = None) -> int:
        """Send what the other lacks; return how many operations that were."""
        have = other.log.vector(branch) if other.has(branch) else {}
        lines = list(self.log.export(branch, have, scope))
        received = other.log.import_lines(lines)
        assert received.operations + received.known == json.loads(lines[-1])["operations"]
        return received.operations

    def has(self, branch: str) -> bool:
        query = text("SELECT count(*) FROM landings WHERE branch_id = :branch")
        with self.engine.connect() as connection:
            return bool(connection.execute(query, {"branch": branch}).scalar())

    def contents(self, branch: str) -> dict[str, list[tuple[object, ...]]]:
        """Return the head of a branch, row by row, without what is this database's own."""
        with self.engine.connect() as connection:
            state = state_of(connection, branch, None)
            nodes = connection.execute(state.select("n.*", "TRUE")).all()
            edges: dict[tuple[object, ...], Row] = {}
            for level, landing in state.levels:
                values = {"branch": level, "landing": landing}
                for row in connection.execute(_EDGES, values):
                    edges.setdefault((row.from_node, row.to_node, row.kind), row)
        return {"nodes": _told(nodes), "edges": _told(list(edges.values()))}

    def sizes(self) -> list[int]:
        tables = (
            "operations",
            "nodes",
            "edges",
            "landings",
            "version_vectors",
            "branches",
            "blobs",
        )
        with self.engine.connect() as connection:
            return [
                connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in tables
            ]


def _told(rows: Sequence[Row]) -> list[tuple[object, ...]]:
    """Return rows as text, in an order of their own, without the columns of one database."""
    return sorted(
        tuple(
            json.dumps(value, default=str) for key, value in row._mapping.items() if key not in _OWN
        )
        for row in rows
    )


def file_of(branch: str, operations: Sequence[Operation]) -> list[bytes]:
    """Return the lines of an export of just these operations."""
    until = join({}, *({each.stamp.author: each.stamp.author_seq} for each in operations))
    first = wire.Header(uuid.UUID(branch), "told", {}, until, None)
    lines = [line_of(each) for each in sorted(operations, key=lambda each: each.stamp)]
    return [wire.header_line(first), *lines, wire.end_line(len(operations))]


def line_of(operation: Operation, **changes: object) -> bytes:
    """Return the line of an operation, with other values where they are given."""
    values = {
        "author": operation.stamp.author,
        "seq": operation.stamp.author_seq,
        "lamport": operation.stamp.lamport,
        "kind": operation.kind.value,
        "node": str(operation.node_id),
        "attempt": None,
        "payload": operation.payload,
    }
    return json.dumps(values | changes).encode() + b"\n"
