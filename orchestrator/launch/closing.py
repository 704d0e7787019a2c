"""The turn that comes when all others are handed out: that of research's synthesizer.

It waits in a transaction for readings that are still under way, so it is sent no sooner: a turn
that waits holds a slot of the fleet.
"""

from sqlalchemy import Connection, select

from tasks_schema.ids import agent_id
from tasks_schema.kinds import AgentKind, AttemptStatus
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask
from tasks_schema.tables.attempts import ATTEMPTS


def ends_with_report(spec: SwarmSpec) -> bool:
    """Say whether a swarm is ended by the turn that writes its report, and not before."""
    return isinstance(spec.task, ResearchTask)


def closing_orders(connection: Connection, spec: SwarmSpec) -> list[AttemptOrder]:
    """Return the turn that writes the report; empty if it is under way.

    It is handed out again if it broke off: one that ran to its end has ended the swarm.
    """
    agent = agent_id(AgentKind.SYNTHESIZER, 0)
    query = (
        select(ATTEMPTS.c.turn, ATTEMPTS.c.status)
        .where(ATTEMPTS.c.swarm_id == spec.swarm_id, ATTEMPTS.c.agent_id == agent)
        .order_by(ATTEMPTS.c.turn.desc())
        .limit(1)
    )
    last = connection.execute(query).one_or_none()
    if last is not None and last.status == AttemptStatus.SENT:
        return []
    turn = 0 if last is None else last.turn + 1
    return [AttemptOrder(swarm=spec.swarm_id, agent=agent, kind=AgentKind.SYNTHESIZER, turn=turn)]
