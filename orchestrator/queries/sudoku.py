"""How far the agents of a Sudoku swarm have come, as their attempts reported it."""

from sqlalchemy import Connection, select

from orchestrator.errors import UsageError
from tasks_schema.kinds import AgentKind
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS


def read_grid(connection: Connection, swarm_id: str) -> str:
    """Return the fullest grid that an agent of a swarm knew, as nine lines, and how it ended.

    Args:
        connection: to Postgres.
        swarm_id: of the swarm.

    Raises:
        UsageError: no agent of it has reported a grid.
    """
    grid = ATTEMPTS.c.findings["grid"].as_string()
    query = select(grid).where(
        ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.kind == AgentKind.SOLVER, grid.is_not(None)
    )
    grids = connection.execute(query.order_by(ATTEMPTS.c.reported_at.desc())).scalars().all()
    if not grids:
        raise UsageError(f"no agent of swarm '{swarm_id}' has reported a grid")
    fullest = min(grids, key=lambda each: each.count("."))
    reason = connection.execute(select(SWARMS.c.reason).where(SWARMS.c.swarm_id == swarm_id))
    rows = [fullest[start : start + 9] for start in range(0, 81, 9)]
    return "\n".join([*rows, "", reason.scalar_one()]) + "\n"
