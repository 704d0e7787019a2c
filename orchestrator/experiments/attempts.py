"""The reported attempts of a run, read from Postgres: all that its figures are computed from."""

from typing import Any

from sqlalchemy import Connection, Row, select

from orchestrator.experiments.tasks.protocol import AttemptRow
from tasks_schema.kinds import AgentKind, AttemptStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS


def read_spec(connection: Connection, swarm_id: str) -> SwarmSpec | None:
    """Return what a swarm was launched with; None if there is no such swarm."""
    query = select(SWARMS.c.spec).where(SWARMS.c.swarm_id == swarm_id)
    found = connection.execute(query).scalar()
    return None if found is None else SwarmSpec.model_validate(found)


def read_attempts(connection: Connection, swarm_id: str) -> list[AttemptRow]:
    """Return the attempts of a swarm that started and are reported, each once."""
    table = ATTEMPTS.c
    query = select(ATTEMPTS).where(
        table.swarm_id == swarm_id,
        table.reported_at.is_not(None),
        table.kind != AgentKind.BASELINE,
    )
    return [_attempt(row) for row in connection.execute(query.order_by(table.agent_id, table.turn))]


def _attempt(row: Row[Any]) -> AttemptRow:
    return AttemptRow(
        agent=row.agent_id,
        turn=row.turn,
        status=AttemptStatus(row.status),
        started_at=row.started_at,
        seconds=row.seconds,
        findings=row.findings or {},
        evaluations=row.evaluations,
        cpu_seconds=row.cpu_seconds or 0.0,
        tokens=row.tokens,
        dollars=row.dollars,
    )
