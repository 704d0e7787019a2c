"""Who got how far, when, and where: read from the sums alone, however many attempts there were."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select

from tasks_schema.tables.rollups import AGENT_ROLLUPS, HOTSPOT_ROLLUPS, MINUTE_ROLLUPS


@dataclass(frozen=True, slots=True)
class AgentRow:
    """What one agent did."""

    agent_id: str
    attempts: int
    landed: int
    failed: int
    candidates: int
    operations_spent: int
    seconds: float
    """Of all its attempts together."""
    reported_at: datetime
    """When its last attempt was reported."""


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """What all agents of a swarm did in one minute."""

    minute: datetime
    attempts: int
    landed: int
    failed: int
    candidates: int
    operations_spent: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """How often attempts went for one scope."""

    scope: str
    attempts: int
    """Attempts that changed it, or wanted to."""
    landed: int


def leaderboard(connection: Connection, swarm_id: str, count: int) -> list[AgentRow]:
    """Return the agents that landed most; of equal ones those that needed fewer seconds."""
    table = AGENT_ROLLUPS.c
    ranked = table.landed.desc(), table.seconds, table.agent_id
    query = _of_swarm(swarm_id, AGENT_ROLLUPS, AgentRow).order_by(*ranked).limit(count)
    return [AgentRow(*row) for row in connection.execute(query)]


def progress(connection: Connection, swarm_id: str, count: int) -> list[MinuteRow]:
    """Return the last minutes in which anything was reported, the oldest first."""
    newest = MINUTE_ROLLUPS.c.minute.desc()
    query = _of_swarm(swarm_id, MINUTE_ROLLUPS, MinuteRow).order_by(newest).limit(count)
    return [MinuteRow(*row) for row in reversed(connection.execute(query).all())]


def hotspots(
    connection: Connection, swarm_id: str, count: int, since: datetime | None = None
) -> list[ScopeRow]:
    """Return the scopes that most attempts went for.

    Args:
        connection: to Postgres.
        swarm_id: whose attempts.
        count: how many scopes at most.
        since: only what was reported in this hour or later; None means all of it.
    """
    table = HOTSPOT_ROLLUPS.c
    attempts, landed = func.sum(table.attempts), func.sum(table.landed)
    query = (
        select(table.scope, attempts, landed)
        .where(table.swarm_id == swarm_id, *([] if since is None else [table.hour >= since]))
        .group_by(table.scope)
        .order_by(attempts.desc(), table.scope)
        .limit(count)
    )
    return [ScopeRow(*row) for row in connection.execute(query)]


def _of_swarm(swarm_id: str, table: Table, row: type[AgentRow | MinuteRow]) -> Select[Any]:
    """Return a query for the rows of one swarm, its columns those of a row's fields."""
    return select(*(table.c[name] for name in row.__slots__)).where(table.c.swarm_id == swarm_id)
