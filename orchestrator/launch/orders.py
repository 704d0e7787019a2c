"""Which attempts are to be handed out next: rows in Postgres, in a transaction of the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tasks_schema.ids import agent_id
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


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the handing out of a swarm's turns has come."""

    agents: int
    """Agents that have had a turn."""
    agents_done: int
    """Those that have had all the turns that they may have."""
    in_flight: int
    """Attempts sent and not reported."""

    def are_all_sent(self, spec: SwarmSpec) -> bool:
        """Say whether every agent has had all its turns, reported or not."""
        return self.agents_done >= spec.agents

    def is_spent(self, spec: SwarmSpec) -> bool:
        """Say whether every agent has had all its turns, and all of them are reported.

        Never of one that ends with a report: whoever writes that ends the swarm.
        """
        is_over = self.are_all_sent(spec) and not self.in_flight
        return is_over and not _ends_with_report(spec)


def standing_of(connection: Connection, spec: SwarmSpec) -> Standing:
    """Return how far the handing out of a swarm's turns has come. One round trip."""
    of_swarm = (AGENTS.c.swarm_id == spec.swarm_id, AGENTS.c.kind == spec.kind)
    agents = select(func.count()).where(*of_swarm)
    done = select(func.count()).where(*of_swarm, AGENTS.c.turns_sent >= _turns_max(spec))
    row = connection.execute(
        select(
            agents.scalar_subquery(),
            done.scalar_subquery(),
            _in_flight(spec.swarm_id).scalar_subquery(),
        )
    ).one()
    return Standing(*map(int, row))


def next_orders(
    connection: Connection, spec: SwarmSpec, count: int, standing: Standing
) -> list[AttemptOrder]:
    """Return up to `count` orders: idle agents, those with the fewest turns first.

    Agents become rows when they get their first turn, so that a million of them cost nothing
    before. An agent has one turn at a time, and of some tasks no more than so many in all.
    """
    first, last = standing.agents, min(spec.agents, standing.agents + max(count, 0))
    fresh = [(agent_id(spec.kind, index), 0) for index in range(first, last)]
    left = count - len(fresh)
    idle = _idle_agents(connection, spec, left) if left > 0 else []
    orders = [
        AttemptOrder(swarm=spec.swarm_id, agent=agent, kind=spec.kind, turn=turns)
        for agent, turns in [*fresh, *idle]
    ]
    if not orders and _ends_with_report(spec) and standing.are_all_sent(spec):
        return _closing_orders(connection, spec)
    return orders


def record_sent(connection: Connection, orders: Sequence[AttemptOrder]) -> None:
    """Write down that these orders are about to be sent: agents' turns and attempts' rows."""
    if not orders:
        return
    agents = insert(AGENTS)
    agents = agents.on_conflict_do_update(
        index_elements=["swarm_id", "agent_id"], set_={"turns_sent": agents.excluded.turns_sent}
    )
    who = [
        {"swarm_id": order.swarm, "agent_id": order.agent, "kind": order.kind} for order in orders
    ]
    turns = [{"turns_sent": order.turn + 1} for order in orders]
    connection.execute(agents, [row | turn for row, turn in zip(who, turns, strict=True)])
    sent = [
        {"attempt_id": order.attempt_id, "turn": order.turn, "status": AttemptStatus.SENT}
        for order in orders
    ]
    attempts = [row | attempt for row, attempt in zip(who, sent, strict=True)]
    connection.execute(insert(ATTEMPTS).on_conflict_do_nothing(), attempts)


def last_baseline(connection: Connection, swarm_id: str) -> Row[Any, Any] | None:
    """Return turn and status of the last order that measures the code; None if none was sent."""
    query = (
        select(ATTEMPTS.c.turn, ATTEMPTS.c.status)
        .where(ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.kind == _OF_BASELINE)
        .order_by(ATTEMPTS.c.turn.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _ends_with_report(spec: SwarmSpec) -> bool:
    return isinstance(spec.task, ResearchTask)


def _closing_orders(connection: Connection, spec: SwarmSpec) -> list[AttemptOrder]:
    """Return the turn that comes when all others are handed out: that of research's synthesizer.

    It waits in a transaction for readings that are still under way, so it is sent no sooner: a turn
    that waits holds a slot of the fleet.
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
    turn = 0 if last is None else last.turn + 1  # again only if that one broke off
    return [AttemptOrder(swarm=spec.swarm_id, agent=agent, kind=AgentKind.SYNTHESIZER, turn=turn)]


def count_in_flight(connection: Connection, swarm_id: str) -> int:
    """Return how many attempts of a swarm were sent and are not reported."""
    return int(connection.execute(_in_flight(swarm_id)).scalar_one())


def _in_flight(swarm_id: str) -> Select[Any]:
    return select(func.count()).where(
        ATTEMPTS.c.swarm_id == swarm_id, ATTEMPTS.c.status == AttemptStatus.SENT
    )


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
