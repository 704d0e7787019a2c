"""Swarms whose agents have so many turns each: dealt out fairly, and ended with the last report."""

from collections.abc import Iterator

import pytest
from celery import Celery
from pydantic import SecretStr
from sqlalchemy import func, select, update

from orchestrator.errors import UsageError
from orchestrator.launch import refill
from orchestrator.launch.iterative import launch_ready, ready_spec
from orchestrator.launch.parts import Parts, connect
from orchestrator.launch.refill import step_swarm
from orchestrator.queries.status import find_code_swarm, read_swarm
from orchestrator.settings import OrchestratorSettings
from tasks_schema.kinds import AgentKind, AttemptStatus, Mode, SurfaceKind, SwarmStatus
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask
from tasks_schema.names import KEY_WORKERS
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS


@pytest.fixture
def parts(redis_url: str, database: str) -> Iterator[Parts]:
    settings = OrchestratorSettings(
        redis_url=SecretStr(redis_url), database_url=SecretStr(database), slots_assumed=1,
        resend_seconds=3600,
    )  # fmt: skip
    parts = connect(settings)
    parts.client.delete(KEY_WORKERS)
    yield parts
    parts.spaces.close()
    parts.client.close()
    parts.engine.dispose()


def launched(parts: Parts, *, agents: int, iterations: int) -> SwarmSpec:
    task = OptimizationTask(
        description="climb", iterations=iterations, surface=SurfaceKind.ACKLEY, dimensions=2
    )
    spec = ready_spec(task, kind=AgentKind.OPTIMIZER, agents=agents, mode=Mode.SWARM, seed=1)
    launch_ready(spec, parts)
    return spec


def stepped(
    parts: Parts, spec: SwarmSpec, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, int]]:
    """Take a step of the refill and report what it handed out; return it as agents and turns."""
    sent: list[AttemptOrder] = []

    def keep(orders: list[AttemptOrder], _celery: Celery | None = None) -> None:
        sent.extend(orders)

    monkeypatch.setattr(refill, "enqueue", keep)
    step_swarm(parts, spec.swarm_id)
    values = {"status": AttemptStatus.FINISHED, "reported_at": func.now()}
    with parts.engine.begin() as connection:
        ids = [order.attempt_id for order in sent]
        connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.attempt_id.in_(ids)).values(values))
    return [(order.agent, order.turn) for order in sent]


def test_every_agent_gets_its_turns_and_then_the_swarm_is_exhausted(parts, monkeypatch):
    spec = launched(parts, agents=3, iterations=2)
    handed_out = []
    while turns := stepped(parts, spec, monkeypatch):
        handed_out += turns
    assert sorted(handed_out) == [(f"optimizer-000{n}", turn) for n in range(3) for turn in (0, 1)]
    assert [turn for _, turn in handed_out] == [0, 0, 0, 1, 1, 1], "those with fewest turns first"
    with parts.engine.begin() as connection:
        row = connection.execute(select(SWARMS).where(SWARMS.c.swarm_id == spec.swarm_id)).one()
    assert (row.status, row.reason) == (SwarmStatus.EXHAUSTED, "all turns are taken")
    assert row.ended_at is not None


def test_a_swarm_without_code_can_be_looked_at(parts):
    spec = launched(parts, agents=2, iterations=1)
    with parts.engine.begin() as connection:
        row = read_swarm(connection, spec.swarm_id)
    assert row.spec == spec
    assert (row.tests_before, row.tests_after, row.landings) == (None, None, ())


def test_a_question_about_code_passes_over_swarms_without_any(parts):
    spec = launched(parts, agents=1, iterations=1)
    with parts.engine.begin() as connection:
        with pytest.raises(UsageError, match="no swarm was launched yet"):
            find_code_swarm(connection, None)
        with pytest.raises(UsageError, match="works on optimization and has no code"):
            find_code_swarm(connection, spec.swarm_id)
