"""What the refill hands out, sends again, settles and rebuilds: real servers, no worker."""

import dataclasses
import json
import uuid
from collections.abc import Iterator

import pytest
import redis
from celery import Celery
from pydantic import SecretStr
from sqlalchemy import insert, select, update

from orchestrator.launch import refill
from orchestrator.launch.parts import Parts, connect
from orchestrator.launch.refill import step, step_swarm
from orchestrator.launch.stop import stop
from orchestrator.settings import OrchestratorSettings
from swarm_workers.coordination.shared_state import SharedState
from tasks_schema.kinds import AttemptStatus, SwarmStatus
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import Budget, CodeTask, Interpreter
from tasks_schema.names import KEY_ACTIVE_SWARMS, KEY_WORKERS
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS


class Fleet:
    """A swarm in Postgres and Redis, and what the refill sent."""

    def __init__(self, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parts = parts
        self.sent: list[AttemptOrder] = []
        monkeypatch.setattr(refill, "enqueue", self._sent)
        self.swarm_id = f"test-{uuid.uuid4().hex[:6]}"

    def _sent(self, orders: list[AttemptOrder], _celery: Celery | None = None) -> None:
        self.sent += orders

    @property
    def shared(self) -> SharedState:
        return self.parts.spaces.shared(self.swarm_id)

    def launched(self, *, agents: int = 8, operations: int = 0, status: str = "pending") -> None:
        python = Interpreter(executable="/usr/bin/python3", version=(3, 11), folders=("/usr",))
        task = CodeTask(
            description="", repository="/r", success="pytest", success_argv=("pytest",),
            interpreter=python, budget=Budget(operations=operations),
        )  # fmt: skip
        spec = SwarmSpec(
            swarm_id=self.swarm_id, task=task, agents=agents, branch=str(uuid.uuid4()),
            import_landing=0,
        )  # fmt: skip
        row = {"swarm_id": self.swarm_id, "spec": spec.model_dump(mode="json"), "status": status}
        with self.parts.engine.begin() as connection:
            connection.execute(insert(SWARMS).values(row))
        self.parts.client.sadd(KEY_ACTIVE_SWARMS, self.swarm_id)

    def begun(self, **launched: int) -> None:
        self.launched(**launched)
        self.shared.stm.atomically(self.shared.begin)

    def step(self) -> list[AttemptOrder]:
        self.sent.clear()
        step_swarm(self.parts, self.swarm_id)
        return list(self.sent)

    def report(self, order: AttemptOrder, status: AttemptStatus = AttemptStatus.FINISHED) -> None:
        from sqlalchemy import func  # noqa: PLC0415

        values = {"status": status, "reported_at": func.clock_timestamp(), "reason": "no luck"}
        with self.parts.engine.begin() as connection:
            connection.execute(
                update(ATTEMPTS).where(ATTEMPTS.c.attempt_id == order.attempt_id).values(values)
            )

    def row(self) -> tuple[str, str]:
        with self.parts.engine.begin() as connection:
            found = connection.execute(
                select(SWARMS.c.status, SWARMS.c.reason).where(SWARMS.c.swarm_id == self.swarm_id)
            ).one()
        return found.status, found.reason


@pytest.fixture
def fleet(redis_url: str, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    settings = OrchestratorSettings(
        redis_url=SecretStr(redis_url), database_url=SecretStr(database), slots_assumed=2,
        resend_seconds=3600,
    )  # fmt: skip
    parts = connect(settings)
    parts.client.delete(KEY_WORKERS, KEY_ACTIVE_SWARMS)
    yield Fleet(parts, monkeypatch)
    parts.spaces.close()
    parts.client.close()
    parts.engine.dispose()


def test_the_first_order_measures_the_code_and_is_sent_once(fleet):
    fleet.launched()
    (order,) = fleet.step()
    assert (order.agent, order.turn) == ("baseline-0000", 0)
    assert fleet.step() == []


def test_two_turns_a_slot_are_kept_in_flight_however_many_agents_there_are(fleet):
    fleet.begun(agents=1_000_000)
    assert [order.agent for order in fleet.step()] == [f"search-000{n}" for n in range(4)]
    assert fleet.step() == []


def test_as_many_are_in_flight_as_the_workers_say_they_can_run(fleet):
    fleet.begun(agents=100)
    soon = {"slots": 5, "at": 32_503_680_000}  # far in the future: never silent
    fleet.parts.client.hset(KEY_WORKERS, "one@host", json.dumps(soon))
    assert len(fleet.step()) == 10


def test_an_agent_has_one_turn_at_a_time_and_idle_ones_with_the_fewest_turns_go_first(fleet):
    fleet.begun(agents=5)
    first = fleet.step()
    fleet.report(first[0])
    (new,) = fleet.step()
    assert (new.agent, new.turn) == ("search-0004", 0)
    fleet.report(first[1])
    (again,) = fleet.step()
    assert (again.agent, again.turn) == ("search-0000", 1)


def test_what_was_sent_and_never_reported_is_sent_again(fleet, monkeypatch):
    fleet.begun(agents=2)
    first = fleet.step()
    hasty = fleet.parts.settings.model_copy(update={"resend_seconds": 1e-9})
    fleet.parts = Parts(fleet.parts.engine, fleet.parts.spaces, fleet.parts.client, hasty)
    assert {order.agent for order in fleet.step()} == {order.agent for order in first}


def test_a_swarm_that_ended_in_its_space_is_settled_and_gets_no_more_turns(fleet):
    fleet.begun()
    fleet.step()
    fleet.shared.stm.atomically(fleet.shared.end, SwarmStatus.STOPPED, "by a person")
    assert fleet.step() == []
    assert fleet.row() == ("stopped", "by a person")


def test_attempts_that_all_fail_end_the_swarm_with_their_reason(fleet):
    fleet.begun(agents=1)
    for _ in range(refill.FAILURES_IN_A_ROW_MAX):
        (order,) = fleet.step()
        fleet.report(order, AttemptStatus.FAILED)
    assert fleet.step() == []
    fleet.step()
    status, reason = fleet.row()
    assert status == "failed"
    assert reason.endswith("no luck")


def test_a_space_that_redis_lost_is_rebuilt_with_what_is_left_of_the_budget(fleet):
    fleet.begun(agents=1, operations=100)
    (order,) = fleet.step()
    with fleet.parts.engine.begin() as connection:
        connection.execute(
            update(ATTEMPTS)
            .where(ATTEMPTS.c.attempt_id == order.attempt_id)
            .values(operations_spent=30)
        )
    fleet.shared.stm.purge()
    fleet.parts.client.delete(KEY_ACTIVE_SWARMS)
    fleet.step()
    shared = fleet.shared
    assert shared.stm.atomically(shared.state.get).status is SwarmStatus.RUNNING
    assert shared.stm.atomically(shared.operations.value) == 70
    assert fleet.parts.client.sismember(KEY_ACTIVE_SWARMS, fleet.swarm_id)


def test_a_swarm_leaves_the_flush_only_when_it_ended_and_all_of_it_is_reported(fleet):
    client: redis.Redis = fleet.parts.client
    client.sadd(KEY_ACTIVE_SWARMS, fleet.swarm_id)
    step(fleet.parts)
    assert client.sismember(KEY_ACTIVE_SWARMS, fleet.swarm_id), "it is just being launched"
    fleet.begun(agents=1)
    (order,) = fleet.step()
    fleet.shared.stm.atomically(fleet.shared.end, SwarmStatus.STOPPED, "by a person")
    fleet.step()
    step(fleet.parts)
    assert client.sismember(KEY_ACTIVE_SWARMS, fleet.swarm_id), "an attempt is not reported"
    fleet.report(order, AttemptStatus.CANCELLED)
    step(fleet.parts)
    assert not client.sismember(KEY_ACTIVE_SWARMS, fleet.swarm_id)


def emptied(fleet: Fleet) -> None:
    """Lose what Redis knows of the swarm."""
    fleet.shared.stm.purge()
    fleet.parts.client.delete(KEY_ACTIVE_SWARMS)


def hasty(fleet: Fleet) -> None:
    """Send again at once what is not reported."""
    settings = fleet.parts.settings.model_copy(update={"resend_seconds": 1e-9})
    fleet.parts = dataclasses.replace(fleet.parts, settings=settings)


def test_a_baseline_that_was_broken_off_is_sent_anew(fleet):
    fleet.launched()
    (first,) = fleet.step()
    fleet.report(first, AttemptStatus.CANCELLED)
    (second,) = fleet.step()
    assert (second.agent, second.turn) == ("baseline-0000", 1)
    assert fleet.step() == []


def test_a_baseline_whose_finding_redis_lost_is_sent_anew(fleet):
    fleet.launched()
    (first,) = fleet.step()
    fleet.report(first)
    emptied(fleet)
    (second,) = fleet.step()
    assert second.turn == 1
    assert fleet.parts.client.sismember(KEY_ACTIVE_SWARMS, fleet.swarm_id)


def test_what_was_in_flight_is_sent_again_at_once_when_redis_lost_it(fleet):
    fleet.begun(agents=2)
    lost = fleet.step()
    emptied(fleet)
    assert {order.attempt_id for order in fleet.step()} == {order.attempt_id for order in lost}
    assert fleet.step() == []


def test_a_swarm_that_ended_stays_so_when_redis_lost_it_and_nothing_of_it_runs(fleet):
    fleet.begun(agents=1)
    fleet.step()
    fleet.shared.stm.atomically(fleet.shared.end, SwarmStatus.SUCCEEDED, "it passes")
    fleet.step()
    emptied(fleet)
    stop(fleet.parts, fleet.swarm_id, "too late")
    fleet.step()
    assert fleet.row() == ("succeeded", "it passes")
    emptied(fleet)
    fleet.step()
    assert fleet.row() == ("succeeded", "it passes")
    assert fleet.shared.stm.atomically(fleet.shared.state.get).status is SwarmStatus.SUCCEEDED


def test_what_was_never_reported_of_a_swarm_that_ended_is_sent_again_to_be_settled(fleet):
    fleet.begun(agents=1)
    (order,) = fleet.step()
    fleet.shared.stm.atomically(fleet.shared.end, SwarmStatus.STOPPED, "by a person")
    fleet.step()
    hasty(fleet)
    fleet.sent.clear()
    assert step(fleet.parts) == 0
    assert [each.attempt_id for each in fleet.sent] == [order.attempt_id]
    fleet.report(order, AttemptStatus.CANCELLED)
    fleet.sent.clear()
    step(fleet.parts)
    assert fleet.sent == []


def test_a_swarm_whose_space_is_damaged_holds_up_no_other(fleet, monkeypatch):
    fleet.begun(agents=1)
    damaged = Fleet(fleet.parts, monkeypatch)
    damaged.launched()
    damaged.parts.client.set(f"{{{damaged.swarm_id}}}:v:state", b"no such value")
    fleet.sent.clear()
    monkeypatch.setattr(refill, "enqueue", fleet._sent)
    assert step(fleet.parts) == 2
    assert [order.agent for order in fleet.sent] == ["search-0000"]


def test_a_reason_that_the_database_cannot_hold_does_not_keep_a_swarm_from_ending(fleet):
    fleet.begun()
    fleet.shared.stm.atomically(fleet.shared.end, SwarmStatus.FAILED, "it said \0")
    fleet.step()
    assert fleet.row() == ("failed", "it said ?")
