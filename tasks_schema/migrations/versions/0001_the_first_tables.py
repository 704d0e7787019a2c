"""the first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    op.create_table(
        "branches",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("parent_branch", sa.UUID(), nullable=True),
        sa.Column("parent_landing", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["parent_branch"], ["branches.branch_id"], name=op.f("fk_branches_parent_branch")
        ),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_branches")),
        sa.UniqueConstraint("digest", name=op.f("uq_branches_digest")),
    )
    op.create_table(
        "failed_operations",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("node_id", sa.UUID(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "failed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "index", name=op.f("pk_failed_operations")),
    )
    op.create_index(
        op.f("ix_failed_operations_expires_at"), "failed_operations", ["expires_at"], unique=False
    )
    op.create_table(
        "landing_outcomes",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("landing", sa.BigInteger(), nullable=False),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("red", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "landing", name=op.f("pk_landing_outcomes")),
    )
    op.create_table(
        "nodes",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("node_id", sa.UUID(), nullable=False),
        sa.Column("landing_from", sa.BigInteger(), nullable=False),
        sa.Column("landing_to", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("birth_parent", sa.UUID(), nullable=True),
        sa.Column("birth_lamport", sa.BigInteger(), nullable=False),
        sa.Column("birth_author", sa.Text(collation="C"), nullable=False),
        sa.Column("birth_seq", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.UUID(), nullable=True),
        sa.Column("position", sa.Text(collation="C"), nullable=False),
        sa.Column("place_lamport", sa.BigInteger(), nullable=False),
        sa.Column("place_author", sa.Text(collation="C"), nullable=False),
        sa.Column("place_seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_lamport", sa.BigInteger(), nullable=False),
        sa.Column("name_author", sa.Text(collation="C"), nullable=False),
        sa.Column("name_seq", sa.BigInteger(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("lead_lamport", sa.BigInteger(), nullable=False),
        sa.Column("lead_author", sa.Text(collation="C"), nullable=False),
        sa.Column("lead_seq", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_lamport", sa.BigInteger(), nullable=False),
        sa.Column("text_author", sa.Text(collation="C"), nullable=False),
        sa.Column("text_seq", sa.BigInteger(), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("meta_lamport", sa.BigInteger(), nullable=False),
        sa.Column("meta_author", sa.Text(collation="C"), nullable=False),
        sa.Column("meta_seq", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.UUID(), nullable=True),
        sa.Column("sortkey", sa.Text(collation="C"), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("is_structure", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "node_id", "landing_from", name=op.f("pk_nodes")),
    )
    op.create_index("ix_nodes_branch_id_file_id", "nodes", ["branch_id", "file_id"], unique=False)
    op.create_index(
        "ix_nodes_branch_id_landing_from", "nodes", ["branch_id", "landing_from"], unique=False
    )
    op.create_index(
        "ix_nodes_structure",
        "nodes",
        ["branch_id"],
        unique=False,
        postgresql_where=sa.text("is_structure"),
    )
    op.create_table(
        "operations",
        sa.Column("author", sa.Text(collation="C"), nullable=False),
        sa.Column("author_seq", sa.BigInteger(), nullable=False),
        sa.Column("lamport", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("node_id", sa.UUID(), nullable=False),
        sa.Column("attempt_id", sa.UUID(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("author", "author_seq", name=op.f("pk_operations")),
        postgresql_partition_by="HASH (author)",
    )
    for index in range(8):
        op.execute(
            f"CREATE TABLE operations_p{index} PARTITION OF operations "
            f"FOR VALUES WITH (MODULUS 8, REMAINDER {index})"
        )
    op.create_index(op.f("ix_operations_attempt_id"), "operations", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_operations_node_id"), "operations", ["node_id"], unique=False)
    op.create_table(
        "swarms",
        sa.Column("swarm_id", sa.Text(), nullable=False),
        sa.Column("spec", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "launched_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("swarm_id", name=op.f("pk_swarms")),
    )
    op.create_index(op.f("ix_swarms_status"), "swarms", ["status"], unique=False)
    op.create_table(
        "agents",
        sa.Column("swarm_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("turns_sent", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["swarm_id"], ["swarms.swarm_id"], name=op.f("fk_agents_swarm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("swarm_id", "agent_id", name=op.f("pk_agents")),
    )
    op.create_table(
        "attempts",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("swarm_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column(
            "sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("candidates", sa.Integer(), server_default="0", nullable=False),
        sa.Column("operations_spent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("base_landing", sa.BigInteger(), nullable=True),
        sa.Column("landing", sa.BigInteger(), nullable=True),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["swarm_id"], ["swarms.swarm_id"], name=op.f("fk_attempts_swarm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_swarm_id_status", "attempts", ["swarm_id", "status"], unique=False)
    op.create_table(
        "landings",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("attempt_id", sa.UUID(), nullable=True),
        sa.Column("version_vector", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "landed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.branch_id"], name=op.f("fk_landings_branch_id")
        ),
        sa.PrimaryKeyConstraint("branch_id", "number", name=op.f("pk_landings")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_landings_attempt_id")),
    )
    op.create_table(
        "version_vectors",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("author", sa.Text(collation="C"), nullable=False),
        sa.Column("max_seq", sa.BigInteger(), nullable=False),
        sa.Column("max_lamport", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.branch_id"], name=op.f("fk_version_vectors_branch_id")
        ),
        sa.PrimaryKeyConstraint("branch_id", "author", name=op.f("pk_version_vectors")),
    )
    op.create_table(
        "test_results",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["attempts.attempt_id"],
            name=op.f("fk_test_results_attempt_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attempt_id", "test", name=op.f("pk_test_results")),
    )


def downgrade() -> None:
    op.drop_table("test_results")
    op.drop_table("version_vectors")
    op.drop_table("landings")
    op.drop_index("ix_attempts_swarm_id_status", table_name="attempts")
    op.drop_table("attempts")
    op.drop_table("agents")
    op.drop_index(op.f("ix_swarms_status"), table_name="swarms")
    op.drop_table("swarms")
    op.drop_index(op.f("ix_operations_node_id"), table_name="operations")
    op.drop_index(op.f("ix_operations_attempt_id"), table_name="operations")
    op.drop_table("operations")
    op.drop_index(
        "ix_nodes_structure", table_name="nodes", postgresql_where=sa.text("is_structure")
    )
    op.drop_index("ix_nodes_branch_id_landing_from", table_name="nodes")
    op.drop_index("ix_nodes_branch_id_file_id", table_name="nodes")
    op.drop_table("nodes")
    op.drop_table("landing_outcomes")
    op.drop_index(op.f("ix_failed_operations_expires_at"), table_name="failed_operations")
    op.drop_table("failed_operations")
    op.drop_table("branches")
    op.drop_table("blobs")
