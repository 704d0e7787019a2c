"""Experiments, and their runs: each run is a swarm, compared with others of its experiment."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from tasks_schema.tables.base import METADATA

EXPERIMENTS = Table(
    "experiments",
    METADATA,
    Column("experiment_id", Text, primary_key=True),
    Column("spec", JSONB, nullable=False),  # what was asked for
    Column("machine", JSONB, nullable=False),  # processors, memory, kernel
    Column("versions", JSONB, nullable=False),  # of this program, Python and the servers
    Column("command", Text, nullable=False),  # that runs it again
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),  # NULL while runs are missing
)

EXPERIMENT_RUNS = Table(
    "experiment_runs",
    METADATA,
    Column(
        "experiment_id",
        Text,
        ForeignKey("experiments.experiment_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("run_key", Text, primary_key=True),  # cell and seed: the same whoever computes it
    Column("task", Text, nullable=False),  # a ProblemKind
    Column("instance", Text, nullable=False),  # which surface, puzzle or topic
    Column("cell", JSONB, nullable=False),  # all but the seed
    Column("mode", Text, nullable=False),  # a Mode
    Column("agents", Integer, nullable=False),
    Column("iterations", Integer, nullable=False),  # of each agent
    Column("seed", Integer, nullable=False),
    Column("swarm_id", Text),  # NULL until it is launched; no foreign key: swarms may be purged
    Column("status", Text, nullable=False),  # a SwarmStatus
    Column(
        "measures", JSONB(none_as_null=True)
    ),  # computed from the attempts' rows; NULL until it has ended
    Column(
        "statistics", JSONB(none_as_null=True)
    ),  # what the transactions of its space cost; NULL until then
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Index("ix_experiment_runs_swarm_id", "swarm_id"),
)
