"""Attempts and the outcome of each test in them: what the outbox is flushed to."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from tasks_schema.tables.base import METADATA

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("attempt_id", UUID(as_uuid=True), primary_key=True),
    Column("swarm_id", Text, ForeignKey("swarms.swarm_id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("status", Text, nullable=False),  # an AttemptStatus
    Column("reason", Text, nullable=False, server_default=""),
    Column("worker", Text),  # NULL until reported
    Column("sent_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),  # NULL until reported
    Column("reported_at", DateTime(timezone=True)),  # NULL until reported
    Column("seconds", Float),
    Column("candidates", Integer, nullable=False, server_default="0"),
    Column("operations_spent", Integer, nullable=False, server_default="0"),
    Column("base_landing", BigInteger),
    Column("landing", BigInteger),  # NULL if it changed nothing
    Column("exit_status", Integer),  # of the success command; NULL if it was not run
    Column("findings", JSONB(none_as_null=True)),  # what it found out; NULL for code
    Column("evaluations", BigInteger, nullable=False, server_default="0"),  # the problem's own unit
    Column("cpu_seconds", Float),  # of the worker and the sandbox; NULL if not measured
    Column("tokens", BigInteger),  # NULL if no language model was asked
    Column("dollars", Float),  # NULL if no language model was asked
    Index("ix_attempts_swarm_id_status", "swarm_id", "status"),
)

TEST_RESULTS = Table(
    "test_results",
    METADATA,
    # Partitioned by the day of the report, and dropped day by day. No foreign key: to drop a day
    # would then lock all attempts. A row and its attempt are written in one transaction instead.
    Column("attempt_id", UUID(as_uuid=True), primary_key=True),
    Column("test", Text, primary_key=True),
    Column("reported_at", DateTime(timezone=True), primary_key=True),  # the attempt's own
    Column("outcome", Text, nullable=False),  # a TestOutcome
    Column("seconds", Float, nullable=False),
    Column("message", Text, nullable=False, server_default=""),
    postgresql_partition_by="RANGE (reported_at)",
)

LANDING_OUTCOMES = Table(
    "landing_outcomes",
    METADATA,
    # What the success command said of one landing of one branch.
    Column("branch_id", UUID(as_uuid=True), primary_key=True),
    Column("landing", BigInteger, primary_key=True),
    Column("exit_status", Integer),  # NULL if the command was killed
    Column("passed", Integer, nullable=False),
    Column("red", JSONB, nullable=False),  # names of the tests that failed, or could not run
    Column("seconds", Float, nullable=False),
)
