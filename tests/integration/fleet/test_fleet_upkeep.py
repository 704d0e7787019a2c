"""What a worker does besides: reports, the ready file, its slots, a clean refusal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import insert, select

from swarm_workers.reporting import writer
from tasks_schema.kinds import SwarmStatus
from tasks_schema.names import KEY_ACTIVE_SWARMS, KEY_WORKERS, TASK_ATTEMPT, WORKER_READY_FILE
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS
from tests.integration.fleet.conftest import ROOT, Broker, Fleet

StartFleet = Callable[..., Fleet]
SWARM = "auth-7k3f9q"


def test_reports_reach_postgres_through_an_outage_of_redis_and_the_end_of_the_worker(
    start_fleet: StartFleet, broker: Broker
) -> None:
    fleet = start_fleet()
    _record_swarm(fleet.database)
    worker = fleet.start_worker("-c", "1")
    fleet.send("ready")
    fleet.wait_start()
    _post(fleet.redis, 0)
    broker.kill()
    broker.start()
    _post(fleet.redis, 1)
    fleet.send("again")
    while fleet.wait_start()[0] != "again":
        pass  # the first message may come again: its acknowledgement may not have reached the disk
    _post(fleet.redis, 2)
    assert worker.end(signal.SIGTERM) == 0
    # The first one was posted within the second that a killed Redis may forget.
    assert {1, 2} <= set(_turns(fleet.database)) <= {0, 1, 2}
    assert fleet.redis.xlen(f"{{{SWARM}}}:x:outbox") == 0


def test_a_worker_shows_that_it_is_ready_and_takes_that_back(start_fleet: StartFleet) -> None:
    fleet = start_fleet()
    worker = fleet.start_worker("-c", "2")
    ready = fleet.home / WORKER_READY_FILE.format(hostname=worker.hostname)
    fleet.send("a")
    fleet.wait_start()
    assert ready.read_text() == f"{worker.process.pid}\n"
    said = fleet.redis.hget(KEY_WORKERS, worker.hostname)
    assert json.loads(said)["slots"] == 2
    assert worker.end(signal.SIGTERM) == 0
    assert "ready." in worker.text()
    assert not ready.exists()
    assert not fleet.redis.hexists(KEY_WORKERS, worker.hostname)


@pytest.mark.parametrize("missing", ["SWARM_REDIS_URL", "SWARM_DATABASE_URL"])
def test_a_worker_without_a_server_says_so_in_a_sentence_and_ends(
    tmp_path: Path, missing: str
) -> None:
    known = {"SWARM_REDIS_URL": "redis://x", "SWARM_DATABASE_URL": "postgresql://x"}
    known |= {"SWARM_HOME": str(tmp_path)}
    del known[missing]
    argv = [sys.executable, "-m", "celery", "-A", "tests.integration.fleet.fleet_app", "worker"]
    if missing == "SWARM_REDIS_URL":
        argv[4] = "swarm_workers"
    ended = subprocess.run(
        argv, check=False, capture_output=True, text=True, cwd=ROOT, env=os.environ | known
    )
    assert ended.returncode == 2
    assert f"{missing} is not set" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr


def test_the_door_of_the_worker_leads_to_the_task_that_orders_are_sent_to() -> None:
    look = "from swarm_workers.celery import app; app.loader.import_default_modules()"
    ended = subprocess.run(
        [sys.executable, "-c", f"{look}; print(*app.tasks)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"SWARM_REDIS_URL": "redis://x"},
    )
    assert TASK_ATTEMPT in ended.stdout.split()


def _record_swarm(database: str) -> None:
    engine = writer.connect(database)
    row = {"swarm_id": SWARM, "spec": {}, "status": SwarmStatus.RUNNING}
    with engine.begin() as connection:
        connection.execute(insert(SWARMS).values(row))
    engine.dispose()


def _post(redis: Redis, turn: int) -> None:
    report = {
        "attempt_id": f"00000000-0000-0000-0000-{turn:012}",
        "swarm": SWARM,
        "agent": "search-0001",
        "kind": "search",
        "turn": turn,
        "status": "finished",
        "worker": "box/1",
        "started_at": "2026-01-02T03:04:05Z",
        "seconds": 1,
        "base_landing": 1,
    }
    redis.sadd(KEY_ACTIVE_SWARMS, SWARM)
    redis.xadd(f"{{{SWARM}}}:x:outbox", {"report": json.dumps(report)})


def _turns(database: str) -> list[int]:
    engine = writer.connect(database)
    with engine.connect() as connection:
        turns = list(connection.scalars(select(ATTEMPTS.c.turn).order_by(ATTEMPTS.c.turn)))
    engine.dispose()
    return turns
