"""files by path, and what was to be inserted where.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_nodes_branch_id_path",
        "nodes",
        ["branch_id", "path"],
        postgresql_ops={"path": "text_pattern_ops"},
        postgresql_where=sa.text("path IS NOT NULL"),
    )
    op.create_index(
        "ix_failed_operations_parent", "failed_operations", [sa.text("(payload ->> 'parent')")]
    )


def downgrade() -> None:
    op.drop_index("ix_failed_operations_parent", "failed_operations")
    op.drop_index("ix_nodes_branch_id_path", "nodes")
