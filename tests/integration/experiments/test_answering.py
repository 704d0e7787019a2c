"""A person who asks what a swarm found out, while it is under way and after it."""

import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, update

from orchestrator.errors import UsageError
from orchestrator.experiments import answering
from orchestrator.experiments.answering import await_answer
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.sudoku import TASK
from orchestrator.launch.iterative import launch_ready, ready_spec
from orchestrator.launch.parts import Parts
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.solver import solutions
from swarm_workers.stm import Stm
from tasks_schema.ids import agent_id
from tasks_schema.kinds import AgentKind, AttemptStatus, Mode, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask, ResearchTask
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS
from tests.support.sudoku import Table

CLUES = collection()["hidden-7"].clues
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def launched(parts: Parts, instance: str) -> SwarmSpec:
    task = TASK.spec(instance, 1, Cell("sudoku", instance, Mode.SWARM, Size(4, 80)))
    spec = ready_spec(task, kind=AgentKind.SOLVER, agents=4, mode=Mode.SWARM, seed=1)
    launch_ready(spec, parts)
    return spec


def recorded(parts: Parts, spec: SwarmSpec, findings: list[dict], status: SwarmStatus) -> None:
    """Let Postgres have what a fleet would report."""
    with parts.engine.begin() as connection:
        for turn, found in enumerate(findings):
            row = {
                "attempt_id": uuid.uuid4(), "swarm_id": spec.swarm_id, "kind": spec.kind,
                "agent_id": agent_id(spec.kind, 0), "turn": turn,
                "status": AttemptStatus.FINISHED, "started_at": NOW,
                "reported_at": NOW, "seconds": 0.1, "findings": found,
            }  # fmt: skip
            connection.execute(insert(ATTEMPTS).values(row))
        ended = update(SWARMS).where(SWARMS.c.swarm_id == spec.swarm_id)
        connection.execute(
            ended.values(status=status, reason="as it was told", ended_at=func.now())
        )


def played(parts: Parts, spec: SwarmSpec) -> None:
    stm = Stm.connect(parts.settings.require_redis_url(), spec.swarm_id)
    table = Table(spec, stm)
    status = table.play().status
    stm.close()
    recorded(parts, spec, table.told, status)


def test_who_asks_while_a_sudoku_is_under_way_is_blocked_until_its_last_cell(parts, monkeypatch):
    spec = launched(parts, "hidden-7")
    is_waiting = threading.Event()

    def waited(*arguments, **options):
        is_waiting.set()
        return wait_until_over(*arguments, **options)

    wait_until_over = answering.wait_until_over
    monkeypatch.setattr(answering, "wait_until_over", waited)
    with ThreadPoolExecutor(1) as pool:
        asked: Future[str] = pool.submit(await_answer, parts, spec.swarm_id)
        assert is_waiting.wait(30)
        assert not asked.done()
        played(parts, spec)
        page = asked.result(60)
    assert page.replace("\n", "").startswith(next(solutions(CLUES)))
    assert page.endswith("as it was told\n")


def test_a_sudoku_for_which_the_named_strategies_are_too_weak_is_shown_as_far_as_it_came(parts):
    spec = launched(parts, "hidden-7:named")
    played(parts, spec)
    page = await_answer(parts)
    grid = page.replace("\n", "")[:81]
    assert "." in grid
    assert all(one in (".", other) for one, other in zip(grid, next(solutions(CLUES)), strict=True))


def test_an_ended_swarm_is_answered_for_though_redis_has_lost_its_space(parts):
    spec = launched(parts, "hidden-7")
    recorded(parts, spec, [{"grid": CLUES}], SwarmStatus.STOPPED)
    parts.spaces.stm(spec.swarm_id).purge()
    assert await_answer(parts, spec.swarm_id).replace("\n", "").startswith(CLUES)


def test_a_swarm_without_an_answer_is_told_from_one_that_is_none(parts):
    task = OptimizationTask(description="climb", iterations=1, surface="rastrigin")
    climbing = ready_spec(task, kind=AgentKind.OPTIMIZER, agents=1, mode=Mode.SINGLE, seed=1)
    launch_ready(climbing, parts)
    with pytest.raises(UsageError, match="there is no swarm on research or a Sudoku"):
        await_answer(parts)
    with pytest.raises(UsageError, match=f"'{climbing.swarm_id}' is no swarm on research"):
        await_answer(parts, climbing.swarm_id)
    task = ResearchTask(description="find out", topic="t", iterations=1)
    reading = ready_spec(task, kind=AgentKind.RESEARCHER, agents=1, mode=Mode.SINGLE, seed=1)
    launch_ready(reading, parts)
    recorded(parts, reading, [], SwarmStatus.STOPPED)
    with pytest.raises(UsageError, match=f"no swarm '{reading.swarm_id}' has written a report"):
        await_answer(parts)
    stopped = launched(parts, "hidden-7")
    recorded(parts, stopped, [], SwarmStatus.STOPPED)
    with pytest.raises(UsageError, match="has reported a grid"):
        await_answer(parts)
