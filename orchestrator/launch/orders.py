"""Which attempts are to be handed out next: rows in Postgres, in a transaction of the caller."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tasks_schema.ids import AgentId, SwarmId, agent_id, attempt_id
from tasks_schema.kinds import AgentKind, AttemptStatus
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import IterativeTask, ResearchTask
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import AGENTS

_OF_BASELINE = AgentKind.BASELINE.value
_TURNS_MAX = 2**31 - 1
"""Of an agent whose task does not say: the column's own bound."""


def baseline_order(spec: SwarmSpec, turn: int = 0) -> AttemptOrder:
    """Return the order that measures the code as it is; later turns are for one that broke off."""
    agent = agent_id(_OF_BASELINE, 0)
    return AttemptOrder(swarm=spec.swarm_id, agent=agent, kind=AgentKind.BASELINE, turn=turn)


def next_orders(connection: Connection, spec: SwarmSpec, count: int) -> list[AttemptOrder]:
    """Return up to `count` orders: idle agents, those with the fewest turns first.

    Agents become rows when they get their first turn, so that a million of them cost nothing
    before. An agent has one turn at a time, and of some tasks no more than so many in all.
    """
    fresh = _fresh_agents(connection, spec, count)
    idle = _idle_agents(connection, spec, count - len(fresh))
    orders = [
        AttemptOrder(swarm=spec.swarm_id, agent=agent, kind=spec.kind, turn=turns)
        for agent, turns in [*fresh, *idle]
    ]
    return orders or _closing_orders(connection, spec)


def record_sent(connection: Connection, orders: Sequence[AttemptOrder]) -> None:
    """Write down that these orders are about to be sent: agents' turns and attempts' rows."""
    for order in orders:
        row = {"swarm_id": order.swarm, "agent_id": order.agent, "kind": order.kind}
        turns = {"turns_sent": order.turn + 1}
        connection.execute(
            insert(AGENTS)
            .values(row | turns)
            .on_conflict_do_update(index_elements=["swarm_id", "agent_id"], set_=turns)
        )
        attempt = row | {
            "attempt_id": attempt_id(SwarmId(order.swarm), AgentId(order.agent), order.turn),
            "turn": order.turn,
            "status": AttemptStatus.SENT,
        }
        connection.execute(insert(ATTEMPTS).values(attempt).on_conflict_do_nothing())


def last_baseline(connection: Connection, swarm_id: str) -> Row[Any, Any] | None:
    """Return turn and status of the last order that measures the code; None if none was sent."""
    query = (
        select(ATTEMPTS.c.turn, ATTEMPTS.c.status)
        .where(ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.kind == _OF_BASELINE)
        .order_by(ATTEMPTS.c.turn.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def is_spent(connection: Connection, spec: SwarmSpec) -> bool:
    """Say whether every agent has had all its turns, and all of them are reported.

    Never of one that ends with a report: whoever writes that ends the swarm.
    """
    if not isinstance(spec.task, IterativeTask) or isinstance(spec.task, ResearchTask):
        return False
    is_sent = _are_all_sent(connection, spec)
    return is_sent and count_in_flight(connection, spec.swarm_id) == 0


def _closing_orders(connection: Connection, spec: SwarmSpec) -> list[AttemptOrder]:
    """Return the turn that comes when all others are handed out: that of research's synthesizer.

    It waits in a transaction for readings that are still under way, so it is sent no sooner: a turn
    that waits holds a slot of the fleet.
    """
    if not isinstance(spec.task, ResearchTask) or not _are_all_sent(connection, spec):
        return []
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
    turn = 0 if last is None else last.turn + 1  # again only if that one broke off
    return [AttemptOrder(swarm=spec.swarm_id, agent=agent, kind=AgentKind.SYNTHESIZER, turn=turn)]


def _are_all_sent(connection: Connection, spec: SwarmSpec) -> bool:
    """Say whether every agent has had all its turns, reported or not."""
    done = select(func.count()).where(
        AGENTS.c.swarm_id == spec.swarm_id,
        AGENTS.c.kind == spec.kind,
        AGENTS.c.turns_sent >= _turns_max(spec),
    )
    return int(connection.execute(done).scalar_one()) >= spec.agents


def count_in_flight(connection: Connection, swarm_id: str) -> int:
    """Return how many attempts of a swarm were sent and are not reported."""
    query = select(func.count()).where(
        ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.status == AttemptStatus.SENT
    )
    return int(connection.execute(query).scalar_one())


def operations_spent(connection: Connection, swarm_id: str) -> int:
    """Return how many edits the reported attempts of a swarm have tried."""
    total = func.coalesce(func.sum(ATTEMPTS.c.operations_spent), 0)
    return int(
        connection.execute(select(total).where(ATTEMPTS.c.swarm_id == swarm_id)).scalar_one()
    )


def overdue(connection: Connection, swarm_id: str, seconds: float) -> list[AttemptOrder]:
    """Return orders sent longer than `seconds` ago and not reported, and mark them as sent now."""
    age = func.now() - ATTEMPTS.c.sent_at
    statement = (
        update(ATTEMPTS)
        .where(
            ATTEMPTS.c.swarm_id == swarm_id,
            ATTEMPTS.c.status == AttemptStatus.SENT,
            func.extract("epoch", age) > seconds,
        )
        .values(sent_at=func.now())
        .returning(ATTEMPTS.c.agent_id, ATTEMPTS.c.kind, ATTEMPTS.c.turn)
    )
    return [
        AttemptOrder(swarm=swarm_id, agent=row.agent_id, kind=AgentKind(row.kind), turn=row.turn)
        for row in connection.execute(statement)
    ]


def _idle_agents(connection: Connection, spec: SwarmSpec, count: int) -> list[tuple[str, int]]:
    busy = and_(
        ATTEMPTS.c.swarm_id == AGENTS.c.swarm_id,
        ATTEMPTS.c.agent_id == AGENTS.c.agent_id,
        ATTEMPTS.c.status == AttemptStatus.SENT,
    )
    query = (
        select(AGENTS.c.agent_id, AGENTS.c.turns_sent)
        .where(
            AGENTS.c.swarm_id == spec.swarm_id,
            AGENTS.c.kind == spec.kind,
            AGENTS.c.turns_sent < _turns_max(spec),
            ~select(ATTEMPTS.c.attempt_id).where(busy).exists(),
        )
        .order_by(AGENTS.c.turns_sent, AGENTS.c.agent_id)
        .limit(count)
    )
    return [(row.agent_id, row.turns_sent) for row in connection.execute(query)]


def _turns_max(spec: SwarmSpec) -> int:
    return spec.task.iterations if isinstance(spec.task, IterativeTask) else _TURNS_MAX


def _fresh_agents(connection: Connection, spec: SwarmSpec, count: int) -> list[tuple[str, int]]:
    known = select(func.count()).where(
        AGENTS.c.swarm_id == spec.swarm_id, AGENTS.c.kind == spec.kind
    )
    first = int(connection.execute(known).scalar_one())
    last = min(spec.agents, first + max(count, 0))
    return [(agent_id(spec.kind, index), 0) for index in range(first, last)]
