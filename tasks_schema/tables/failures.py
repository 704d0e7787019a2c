"""What attempts wanted and did not get: kept for some days with the reason, then dropped.

Partitioned by the day on which a row expires, so that to forget a day is to drop a table, however
much it holds.
"""

from sqlalchemy import Column, DateTime, Index, Integer, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from tasks_schema.tables.base import METADATA

FAILED_OPERATIONS = Table(
    "failed_operations",
    METADATA,
    Column("attempt_id", UUID(as_uuid=True), primary_key=True),
    Column("index", Integer, primary_key=True),  # 0, 1, … among the operations of the attempt
    Column("expires_at", DateTime(timezone=True), primary_key=True),
    Column("kind", Text, nullable=False),  # an OperationKind
    Column("node_id", UUID(as_uuid=True), nullable=False, index=True),
    Column("payload", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_failed_operations_parent", text("(payload ->> 'parent')")),  # what was to be inserted
    postgresql_partition_by="RANGE (expires_at)",
)

CLASHES = Table(
    "clashes",
    METADATA,
    # Where an attempt did not go together with the head: what its loser is shown.
    Column("attempt_id", UUID(as_uuid=True), primary_key=True),
    Column("index", Integer, primary_key=True),  # 0, 1, … among the clashes of the attempt
    Column("expires_at", DateTime(timezone=True), primary_key=True),
    Column("kind", Text, nullable=False),  # a ClashKind
    Column("node_id", UUID(as_uuid=True), nullable=False),
    Column("path", Text, nullable=False),  # of the file
    Column("register", Text, nullable=False),  # empty if it is not about one
    Column("base", Text, nullable=False),
    Column("ours", Text, nullable=False),
    Column("theirs", Text, nullable=False),  # what the head holds; empty if it is gone
    postgresql_partition_by="RANGE (expires_at)",
)
