"""edges, and how far back a branch can be read.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("branches", sa.Column("scope", sa.Text(), nullable=True))
    op.add_column(
        "branches", sa.Column("horizon", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_table(
        "edges",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("from_node", sa.UUID(), nullable=False),
        sa.Column("to_node", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("landing_from", sa.BigInteger(), nullable=False),
        sa.Column("landing_to", sa.BigInteger(), nullable=True),
        sa.Column("is_there", sa.Boolean(), nullable=False),
        sa.Column("lamport", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(collation="C"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "branch_id", "from_node", "to_node", "kind", "landing_from", name=op.f("pk_edges")
        ),
    )
    op.create_index("ix_edges_branch_id_to_node", "edges", ["branch_id", "to_node"], unique=False)
    op.create_index(
        "ix_edges_branch_id_landing_from", "edges", ["branch_id", "landing_from"], unique=False
    )


def downgrade() -> None:
    op.drop_table("edges")
    op.drop_column("branches", "horizon")
    op.drop_column("branches", "scope")
