"""The report that a research swarm wrote, as its last attempt sent it."""

from sqlalchemy import Connection, select

from orchestrator.errors import UsageError
from tasks_schema.kinds import AgentKind, AttemptStatus
from tasks_schema.tables.attempts import ATTEMPTS


def read_answer(connection: Connection, swarm_id: str) -> str:
    """Return the report of a research swarm, as markdown.

    Args:
        connection: to Postgres.
        swarm_id: of the swarm.

    Raises:
        UsageError: it has written none.
    """
    query = select(ATTEMPTS.c.findings["report"].as_string()).where(
        ATTEMPTS.c.swarm_id == swarm_id,
        ATTEMPTS.c.kind == AgentKind.SYNTHESIZER,
        ATTEMPTS.c.status == AttemptStatus.FINISHED,
    )
    newest = query.order_by(ATTEMPTS.c.reported_at.desc()).limit(1)
    found = connection.execute(newest).scalar_one_or_none()
    if found is None:
        raise UsageError(
            f"no swarm '{swarm_id}' has written a report; "
            "`swarm experiment run research` lets one do so"
        )
    return str(found)
