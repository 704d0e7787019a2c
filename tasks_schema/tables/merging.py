"""Changes that wait to land on a branch, and which process lands them.

A queue for economy alone: that the head passes its tests follows from how landings are written,
whoever writes them.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from tasks_schema.tables.base import METADATA

MERGE_QUEUE = Table(
    "merge_queue",
    METADATA,
    Column("attempt_id", UUID(as_uuid=True), primary_key=True),
    Column("branch_id", UUID(as_uuid=True), ForeignKey("branches.branch_id"), nullable=False),
    Column("number", BigInteger, Identity(always=True), nullable=False),  # in order of arrival
    Column("base", BigInteger, nullable=False),  # the landing that the change was made on
    Column("author", Text, nullable=False),  # the agent
    Column("note", Text, nullable=False),
    Column("operations", JSONB, nullable=False),  # their kinds, nodes and payloads
    Column("gained", JSONB, nullable=False),  # names of the tests that it is to turn green
    Column("flaky", JSONB, nullable=False),  # names of the tests that count for neither side
    Column("state", Text, nullable=False),  # a QueueState
    Column("batch", UUID(as_uuid=True)),  # of those that are tested together; NULL if it waits
    Column("reason", Text, nullable=False, server_default=""),  # why it was refused
    Column("settled_at", DateTime(timezone=True)),  # NULL until it was refused
    Column("queued_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_merge_queue_branch_id_number", "branch_id", "number"),
)

LANDERS = Table(
    "landers",
    METADATA,
    # Which process lands on a branch now: none if there is no row, or if its time is over.
    Column("branch_id", UUID(as_uuid=True), ForeignKey("branches.branch_id"), primary_key=True),
    Column("holder", UUID(as_uuid=True), nullable=False),
    Column("held_until", DateTime(timezone=True), nullable=False),
)
