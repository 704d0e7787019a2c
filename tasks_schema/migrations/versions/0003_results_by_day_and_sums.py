"""results by day, and sums of attempts.

Revision ID: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from tasks_schema.tables.days import bounds, part_name

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SUMS = """
    count(*) FILTER (WHERE status <> 'cancelled'), count(*) FILTER (WHERE status = 'landed'),
    count(*) FILTER (WHERE status IN ('failed', 'dead')),
    count(*) FILTER (WHERE status = 'cancelled'),
    sum(candidates), sum(operations_spent), coalesce(sum(seconds), 0)
"""
_COUNTED = "FROM attempts WHERE reported_at IS NOT NULL AND kind <> 'baseline'"


def upgrade() -> None:
    _cut_results()
    _cut_failures()
    _make_rollups()


def _cut_results() -> None:
    _set_aside(
        "SELECT attempt_id, test, reported_at, outcome, r.seconds, message"
        " FROM test_results r JOIN attempts a USING (attempt_id)",
    )
    op.drop_table("test_results")
    op.create_table(
        "test_results",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "test", "reported_at", name=op.f("pk_test_results")),
        postgresql_partition_by="RANGE (reported_at)",
    )
    _put_back("test_results", by="reported_at")


def _cut_failures() -> None:
    _set_aside(
        "SELECT attempt_id, index, expires_at, kind, node_id, payload, reason, failed_at"
        " FROM failed_operations",
    )
    op.drop_table("failed_operations")
    op.create_table(
        "failed_operations",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("node_id", sa.UUID(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "failed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint(
            "attempt_id", "index", "expires_at", name=op.f("pk_failed_operations")
        ),
        postgresql_partition_by="RANGE (expires_at)",
    )
    op.create_index(op.f("ix_failed_operations_node_id"), "failed_operations", ["node_id"])
    op.create_table(
        "clashes",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("node_id", sa.UUID(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "index", "expires_at", name=op.f("pk_clashes")),
        postgresql_partition_by="RANGE (expires_at)",
    )
    _put_back("failed_operations", by="expires_at")


def _set_aside(query: str) -> None:
    """Keep rows in a table of this session while theirs is made anew."""
    op.execute(f"CREATE TEMPORARY TABLE kept AS {query}")


def _put_back(table: str, by: str) -> None:
    """Write the rows set aside, in parts by day; the parts of days to come are made as they do."""
    query = f"SELECT DISTINCT ({by} AT TIME ZONE 'UTC')::date FROM kept"  # noqa: S608 - names written here
    for day in op.get_bind().execute(sa.text(query)).scalars().all():
        first, last = bounds(day)
        op.execute(
            f"CREATE TABLE {part_name(table, day)} PARTITION OF {table}"
            f" FOR VALUES FROM ('{first.isoformat()}') TO ('{last.isoformat()}')"
        )
    op.execute(f"INSERT INTO {table} SELECT * FROM kept")  # noqa: S608 - as above
    op.execute("DROP TABLE kept")


def _sums() -> list[sa.Column[Any]]:
    counts = ("attempts", "landed", "failed", "cancelled")
    return [
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("candidates", sa.BigInteger(), nullable=False),
        sa.Column("operations_spent", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
    ]


def _of_swarm(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_swarm_id")
    return sa.ForeignKeyConstraint(["swarm_id"], ["swarms.swarm_id"], name=name, ondelete="CASCADE")


def _make_rollups() -> None:
    op.create_table(
        "agent_rollups",
        sa.Column("swarm_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        *_sums(),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        _of_swarm("agent_rollups"),
        sa.PrimaryKeyConstraint("swarm_id", "agent_id", name=op.f("pk_agent_rollups")),
    )
    op.create_index(
        "ix_agent_rollups_standing",
        "agent_rollups",
        ["swarm_id", sa.text("landed DESC"), "seconds", "agent_id"],
    )
    op.create_table(
        "minute_rollups",
        sa.Column("swarm_id", sa.Text(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        *_sums(),
        _of_swarm("minute_rollups"),
        sa.PrimaryKeyConstraint("swarm_id", "minute", name=op.f("pk_minute_rollups")),
    )
    op.create_table(
        "hotspot_rollups",
        sa.Column("swarm_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("landed", sa.Integer(), nullable=False),
        _of_swarm("hotspot_rollups"),
        sa.PrimaryKeyConstraint("swarm_id", "scope", "hour", name=op.f("pk_hotspot_rollups")),
    )
    op.execute(
        f"INSERT INTO agent_rollups SELECT swarm_id, agent_id, {_SUMS}, max(reported_at) {_COUNTED}"
        " GROUP BY swarm_id, agent_id"
    )
    op.execute(
        f"INSERT INTO minute_rollups SELECT swarm_id, date_trunc('minute', reported_at), {_SUMS}"
        f" {_COUNTED} GROUP BY 1, 2"
    )


def downgrade() -> None:
    for table in ("hotspot_rollups", "minute_rollups", "agent_rollups", "clashes"):
        op.drop_table(table)
    _set_aside("SELECT * FROM failed_operations")
    op.drop_table("failed_operations")
    op.execute("CREATE TABLE failed_operations AS SELECT * FROM kept")
    op.execute("DROP TABLE kept")
    for name in ("attempt_id", "index", "kind", "node_id", "payload", "reason", "expires_at"):
        op.alter_column("failed_operations", name, nullable=False)
    now = sa.text("now()")
    op.alter_column("failed_operations", "failed_at", nullable=False, server_default=now)
    op.create_primary_key(
        op.f("pk_failed_operations"), "failed_operations", ["attempt_id", "index"]
    )
    op.create_index(op.f("ix_failed_operations_expires_at"), "failed_operations", ["expires_at"])
    _set_aside("SELECT attempt_id, test, outcome, seconds, message FROM test_results")
    op.drop_table("test_results")
    op.execute("CREATE TABLE test_results AS SELECT * FROM kept")
    op.execute("DROP TABLE kept")
    for name in ("attempt_id", "test", "outcome", "seconds"):
        op.alter_column("test_results", name, nullable=False)
    op.alter_column("test_results", "message", nullable=False, server_default="")
    op.create_primary_key(op.f("pk_test_results"), "test_results", ["attempt_id", "test"])
    op.create_foreign_key(
        op.f("fk_test_results_attempt_id"), "test_results", "attempts", ["attempt_id"],
        ["attempt_id"], ondelete="CASCADE",
    )  # fmt: skip
