"""an index of what hangs in files, without what was pushed and hangs in none yet.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = "ix_nodes_branch_id_file_id"
_COLUMNS = ["branch_id", "file_id"]


def upgrade() -> None:
    op.drop_index(_NAME, table_name="nodes")
    condition = sa.text("file_id IS NOT NULL")
    op.create_index(_NAME, "nodes", _COLUMNS, postgresql_where=condition)


def downgrade() -> None:
    op.drop_index(_NAME, table_name="nodes")
    op.create_index(_NAME, "nodes", _COLUMNS)
