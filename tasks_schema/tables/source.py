"""The source store: operations are the truth, nodes are derived from them.

`nodes` holds *versions*: a row is what a node was from one landing of a branch until another, so
that every landing ever made can be read at the price of the head. A fork has no rows but those of
the nodes that changed on it; all others are read from its parent, as of the landing forked from.
What lanes pushed since the newest landing lies beside it, in rows from the landing `PUSHED`.
"""

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from tasks_schema.tables.base import METADATA

OPERATION_PARTITIONS = 8
PUSHED = 2**62
"""The `landing_from` of versions that no landing holds yet: no reader of a landing sees them."""

BRANCHES = Table(
    "branches",
    METADATA,
    Column("branch_id", UUID(as_uuid=True), primary_key=True),
    Column("parent_branch", UUID(as_uuid=True), ForeignKey("branches.branch_id")),
    Column("parent_landing", BigInteger),  # NULL, as parent_branch is, for an import
    Column("name", Text, nullable=False),
    Column("digest", Text, unique=True),  # of the imported tree; NULL for a fork
    Column("scope", Text),  # the path that a partial copy of another hub's branch is limited to
    Column("horizon", BigInteger, nullable=False, server_default="0"),  # older landings are purged
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

VERSION_VECTORS = Table(
    "version_vectors",
    METADATA,
    Column("branch_id", UUID(as_uuid=True), ForeignKey("branches.branch_id"), primary_key=True),
    Column("author", Text(collation="C"), primary_key=True),  # a lane; locking its row is the lane
    Column("max_seq", BigInteger, nullable=False),
    Column("max_lamport", BigInteger, nullable=False),
)

LANDINGS = Table(
    "landings",
    METADATA,
    Column("branch_id", UUID(as_uuid=True), ForeignKey("branches.branch_id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),  # 0, 1, 2, …; the greatest is the head
    Column("attempt_id", UUID(as_uuid=True), unique=True),  # NULL for imports and forks
    Column("version_vector", JSONB, nullable=False),  # author -> its last operation in here
    Column("author", Text, nullable=False),  # the agent; its operations carry the lane's name
    Column("first_seq", BigInteger, nullable=False),  # of the lane; last_seq + 1 if it wrote none
    Column("last_seq", BigInteger, nullable=False),
    Column("exit_status", Integer),  # of the success command on this state; NULL if it was not run
    Column("note", Text, nullable=False, server_default=""),
    Column("landed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

OPERATIONS = Table(
    "operations",
    METADATA,
    Column("author", Text(collation="C"), primary_key=True),
    Column("author_seq", BigInteger, primary_key=True),
    Column("lamport", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # an OperationKind
    Column("node_id", UUID(as_uuid=True), nullable=False, index=True),
    Column("attempt_id", UUID(as_uuid=True), index=True),  # NULL for imports
    Column("payload", JSONB, nullable=False),  # the written registers and nothing else
    postgresql_partition_by="HASH (author)",
)


def partition_statements() -> list[str]:
    """Return the statements that make the partitions of `operations`."""
    return [
        f"CREATE TABLE operations_p{index} PARTITION OF operations "
        f"FOR VALUES WITH (MODULUS {OPERATION_PARTITIONS}, REMAINDER {index})"
        for index in range(OPERATION_PARTITIONS)
    ]


for _statement in partition_statements():
    event.listen(OPERATIONS, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]


def _stamp(register: str) -> list[Column[Any]]:
    """Return the columns of a register's stamp; one that nobody wrote has (0, '', 0)."""
    return [
        Column(f"{register}_lamport", BigInteger, nullable=False),
        Column(f"{register}_author", Text(collation="C"), nullable=False),
        Column(f"{register}_seq", BigInteger, nullable=False),
    ]


NODES = Table(
    "nodes",
    METADATA,
    Column("branch_id", UUID(as_uuid=True), primary_key=True),
    Column("node_id", UUID(as_uuid=True), primary_key=True),
    Column("landing_from", BigInteger, primary_key=True),
    Column("landing_to", BigInteger),  # the landing that replaced this version; NULL at the head
    Column("kind", Text),  # a NodeKind; NULL until its insert is seen
    Column("birth_parent", UUID(as_uuid=True)),
    *_stamp("birth"),
    Column("parent", UUID(as_uuid=True)),
    Column("position", Text(collation="C"), nullable=False),
    *_stamp("place"),
    Column("name", Text, nullable=False),
    *_stamp("name"),
    Column("lead", Text, nullable=False),
    *_stamp("lead"),
    Column("text", Text, nullable=False),
    *_stamp("text"),
    Column("meta", JSONB, nullable=False),
    *_stamp("meta"),
    Column("file_id", UUID(as_uuid=True)),  # derived: the file it hangs in, itself if it is one
    Column("sortkey", Text(collation="C")),  # derived: its place in that file
    Column("path", Text),  # derived: of files and links that can be seen
    Column("is_structure", Boolean, nullable=False),  # a folder, a file or a link
    Index(
        "ix_nodes_branch_id_file_id",
        "branch_id",
        "file_id",
        postgresql_where=text("file_id IS NOT NULL"),
    ),
    Index("ix_nodes_branch_id_landing_from", "branch_id", "landing_from"),
    Index("ix_nodes_structure", "branch_id", postgresql_where=text("is_structure")),
    Index(
        "ix_nodes_branch_id_path",  # of one file, or of all in a folder, whatever the locale
        "branch_id",
        "path",
        postgresql_ops={"path": "text_pattern_ops"},
        postgresql_where=text("path IS NOT NULL"),
    ),
)

EDGES = Table(
    "edges",
    METADATA,
    Column("branch_id", UUID(as_uuid=True), primary_key=True),
    Column("from_node", UUID(as_uuid=True), primary_key=True),
    Column("to_node", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, primary_key=True),  # an EdgeKind
    Column("landing_from", BigInteger, primary_key=True),
    Column("landing_to", BigInteger),  # as in `nodes`
    Column("is_there", Boolean, nullable=False),
    Column("lamport", BigInteger, nullable=False),
    Column("author", Text(collation="C"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("ix_edges_branch_id_to_node", "branch_id", "to_node"),
    Index("ix_edges_branch_id_landing_from", "branch_id", "landing_from"),
)

BLOBS = Table(
    "blobs",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
