"""the merge queue.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merge_queue",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("operations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("gained", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flaky", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("batch", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.branch_id"], name=op.f("fk_merge_queue_branch_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_merge_queue")),
    )
    op.create_index("ix_merge_queue_branch_id_number", "merge_queue", ["branch_id", "number"])
    op.create_table(
        "landers",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("holder", sa.UUID(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.branch_id"], name=op.f("fk_landers_branch_id")
        ),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_landers")),
    )


def downgrade() -> None:
    op.drop_table("landers")
    op.drop_index("ix_merge_queue_branch_id_number", table_name="merge_queue")
    op.drop_table("merge_queue")
