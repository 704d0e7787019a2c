"""A fleet of one real worker, and a refill whose steps the test takes while it waits."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import Row, select

from orchestrator.launch import refill
from orchestrator.launch.enqueue import enqueue
from orchestrator.launch.iterative import launch_ready, ready_spec
from orchestrator.launch.parts import Parts, connect
from orchestrator.settings import OrchestratorSettings
from swarm_workers.celery_app import FleetApp, configuration
from swarm_workers.problems.optimization.state import OptimizationState
from tasks_schema.kinds import AgentKind, AttemptStatus, Mode, SurfaceKind
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS

ROOT = Path(__file__).parents[3]
REDIS_DATABASE = "/7"
"""A number of our own in the shared server: its workers must get no message of other tests."""
WAIT_SECONDS_MAX = 60
_LOOK_SECONDS = 0.02


@dataclass
class Fleet:
    """What a test does: start workers, launch swarms, wait for their end."""

    parts: Parts
    home: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "celery", "-A", "swarm_workers", "worker", "-c", "2"]
        # One name for all: who comes after a worker that died goes on with the reports it had read.
        argv += ["-n", "w@test", "--without-gossip", "--without-mingle"]
        with (self.home / f"w{len(self.workers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [*argv, *arguments], cwd=ROOT, stdout=log, stderr=log,
                env=os.environ | self.parts.settings.as_environment(),
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    def launch(self, mode: Mode = Mode.SWARM, agents: int = 4, **task: Any) -> SwarmSpec:
        known = {"surface": SurfaceKind.RASTRIGIN, "dimensions": 8, "shift_seed": 1}
        known |= {"tolerance": 1e-15, "evaluations_max": 40, "cells_per_axis": 2}
        wanted = OptimizationTask(description="climb", **(known | task))
        spec = ready_spec(wanted, kind=AgentKind.OPTIMIZER, agents=agents, mode=mode, seed=5)
        launch_ready(spec, self.parts)
        return spec

    def until(self, spec: SwarmSpec, condition: Callable[[], bool]) -> None:
        """Take the refill's steps until the condition holds; fail when that takes too long."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not condition():
            assert time.monotonic() < deadline, f"{self._open(spec)}\n{self.logs()}"
            refill.step_swarm(self.parts, spec.swarm_id)
            time.sleep(_LOOK_SECONDS)  # noqa: TID251 - between looks at other processes

    def ended(self, spec: SwarmSpec) -> list[Row[Any]]:
        """Wait for the end and return the attempts in order of agents and turns."""
        self.until(spec, lambda: self._is_settled(spec.swarm_id))
        return self.attempts(spec.swarm_id)

    def attempts(self, swarm_id: str) -> list[Row[Any]]:
        query = select(ATTEMPTS).where(ATTEMPTS.c.swarm_id == swarm_id)
        with self.parts.engine.begin() as connection:
            ordered = query.order_by(ATTEMPTS.c.agent_id, ATTEMPTS.c.turn)
            return list(connection.execute(ordered).all())

    def status(self, swarm_id: str) -> str:
        query = select(SWARMS.c.status).where(SWARMS.c.swarm_id == swarm_id)
        with self.parts.engine.begin() as connection:
            return str(connection.execute(query).scalar_one())

    def state(self, spec: SwarmSpec, agent: str = "optimizer-0000") -> OptimizationState:
        return OptimizationState(self.parts.spaces.stm(spec.swarm_id), spec, agent)

    def logs(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.home.glob("w*.log")))

    def _open(self, spec: SwarmSpec) -> list[str]:
        """Return what is known of attempts that are not reported, for a message."""
        shared = self.parts.spaces.shared(spec.swarm_id)
        rows = [row for row in self.attempts(spec.swarm_id) if row.status == AttemptStatus.SENT]
        leases = [(row.turn, shared.stm.atomically(shared.turn(row.agent_id).get)) for row in rows]
        return [f"turn {turn}: {lease}" for turn, lease in leases]

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGQUIT)
        for worker in self.workers:
            worker.wait(WAIT_SECONDS_MAX)

    def _is_settled(self, swarm_id: str) -> bool:
        rows = self.attempts(swarm_id)
        is_open = any(row.status == AttemptStatus.SENT for row in rows)
        return not is_open and self.status(swarm_id) != "running"


@pytest.fixture(scope="module")
def own_database(database_url: str, template_database: str) -> Iterator[str]:
    """URL of a fresh database for all tests of a module: they share a worker."""
    name = "test_optimization"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield f"{database_url.rpartition('/')[0]}/{name}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def fleet(
    redis_url: str, own_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    own = urlunsplit(urlsplit(redis_url)._replace(path=REDIS_DATABASE))
    home = tmp_path_factory.mktemp("fleet")
    settings = OrchestratorSettings(
        home=home,
        redis_url=SecretStr(own),
        database_url=SecretStr(own_database),
        visibility_timeout_seconds=2,
    )
    app = FleetApp("client", set_as_current=False)
    app.on_configure = lambda: app.config_from_object(configuration(settings))
    parts = connect(settings)
    parts.client.flushdb()
    fleet = Fleet(parts, home)
    fleet.start_worker()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(refill, "enqueue", lambda orders: enqueue(orders, app))
        yield fleet
    fleet.close()
    app.close()
    parts.spaces.close()
    parts.client.close()
    parts.engine.dispose()
