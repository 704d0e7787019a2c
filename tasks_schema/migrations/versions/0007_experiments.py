"""experiments and their runs; what attempts at other problems than code find out and cost.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSONB = postgresql.JSONB(astext_type=sa.Text())
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("attempts", sa.Column("findings", _JSONB, nullable=True))
    op.add_column(
        "attempts", sa.Column("evaluations", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("attempts", sa.Column("cpu_seconds", sa.Float(), nullable=True))
    op.add_column("attempts", sa.Column("tokens", sa.BigInteger(), nullable=True))
    op.add_column("attempts", sa.Column("dollars", sa.Float(), nullable=True))
    _create_experiments()
    _create_runs()


def _create_experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("spec", _JSONB, nullable=False),
        sa.Column("machine", _JSONB, nullable=False),
        sa.Column("versions", _JSONB, nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("started_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_experiments")),
    )


def _create_runs() -> None:
    op.create_table(
        "experiment_runs",
        sa.Column("experiment_id", sa.Text(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("cell", _JSONB, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("agents", sa.Integer(), nullable=False),
        sa.Column("iterations", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("swarm_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("measures", _JSONB, nullable=True),
        sa.Column("statistics", _JSONB, nullable=True),
        sa.Column("started_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.experiment_id"],
            name=op.f("fk_experiment_runs_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("experiment_id", "run_key", name=op.f("pk_experiment_runs")),
    )
    op.create_index("ix_experiment_runs_swarm_id", "experiment_runs", ["swarm_id"])


def downgrade() -> None:
    op.drop_table("experiment_runs")
    op.drop_table("experiments")
    for name in ("dollars", "tokens", "cpu_seconds", "evaluations", "findings"):
        op.drop_column("attempts", name)
