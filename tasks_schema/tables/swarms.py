"""Swarms and their agents."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from tasks_schema.tables.base import METADATA

SWARMS = Table(
    "swarms",
    METADATA,
    Column("swarm_id", Text, primary_key=True),
    Column("spec", JSONB, nullable=False),  # a SwarmSpec
    Column("status", Text, nullable=False, index=True),  # a SwarmStatus
    Column("reason", Text, nullable=False, server_default=""),  # why it ended so
    Column("launched_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),  # NULL while it is not final
)

AGENTS = Table(
    "agents",
    METADATA,
    Column("swarm_id", Text, ForeignKey("swarms.swarm_id", ondelete="CASCADE"), primary_key=True),
    Column("agent_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # an AgentKind
    Column("turns_sent", Integer, nullable=False, server_default="0"),  # attempts handed out so far
)
