"""Sums of attempts, kept up as these are reported: what dashboards read instead of counting.

Written in the transaction that writes the attempts, so that the sums are never off by one. The
attempt that measures the code as it was is not counted, nor are cancelled ones as attempts.
"""

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
    text,
)

from tasks_schema.tables.base import METADATA

AGENT_ROLLUPS = Table(
    "agent_rollups",
    METADATA,
    Column("swarm_id", Text, ForeignKey("swarms.swarm_id", ondelete="CASCADE"), primary_key=True),
    Column("agent_id", Text, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("landed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),  # that raised, or whose workers died
    Column("cancelled", Integer, nullable=False),
    Column("candidates", BigInteger, nullable=False),
    Column("operations_spent", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),  # of all of them together
    Column("reported_at", DateTime(timezone=True), nullable=False),  # of the last one
    Index("ix_agent_rollups_standing", "swarm_id", text("landed DESC"), "seconds", "agent_id"),
)

MINUTE_ROLLUPS = Table(
    "minute_rollups",
    METADATA,
    Column("swarm_id", Text, ForeignKey("swarms.swarm_id", ondelete="CASCADE"), primary_key=True),
    Column("minute", DateTime(timezone=True), primary_key=True),  # in which they were reported
    Column("attempts", Integer, nullable=False),
    Column("landed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    Column("candidates", BigInteger, nullable=False),
    Column("operations_spent", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
)

HOTSPOT_ROLLUPS = Table(
    "hotspot_rollups",
    METADATA,
    # Where attempts went: one attempt counts in each scope that its change was in.
    Column("swarm_id", Text, ForeignKey("swarms.swarm_id", ondelete="CASCADE"), primary_key=True),
    Column("scope", Text, primary_key=True),  # dotted path of a module, a class or a function
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("landed", Integer, nullable=False),
)
