"""The composition root: the one place that builds clients and wires rooms, once in a process.

A Celery child is forked from a main process; nothing is built before the first attempt, so no
connection and no thread crosses the fork.
"""

from collections import OrderedDict
from typing import Any

import redis
from sqlalchemy import Engine, create_engine, make_url, select

from swarm_workers.agents.registry import agent_of
from swarm_workers.attempt.run import run_attempt
from swarm_workers.clock import Clock, RealClock
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.coordination.spaces import Spaces
from swarm_workers.coordination.wake import wake_flush
from swarm_workers.problems.opening import OpenProblem, Workshop
from swarm_workers.problems.registry import open_problem
from swarm_workers.protocols import Agent, Problem
from swarm_workers.sandbox.counted import CountedRunner
from swarm_workers.settings import Settings
from tasks_schema.messages.attempt import AttemptOrder, AttemptReport
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.tables.swarms import SWARMS

SWARMS_OPEN_MAX = 64
"""Swarms that one process keeps open."""
HEAVY_OPEN_MAX = 2
"""Those among them whose checkouts and sandboxes it keeps warm."""
CONNECT_SECONDS_MAX = 5
REPLY_SECONDS_MAX = 5
"""The longest that Redis may take to answer a hint: the report is out by then."""
TCP_MILLISECONDS_MAX = 30_000
"""The longest that what was sent to Postgres may stay unacknowledged by its host."""


class OpenSwarm:
    """One swarm in this process, as `attempt/run.py` wants it."""

    def __init__(self, opened: OpenProblem) -> None:
        """Hold the problem."""
        self._opened = opened
        self._agents: dict[str, Agent[Any, Any]] = {}

    @property
    def seed(self) -> int:
        """The swarm's seed."""
        return self._opened.spec.seed

    @property
    def import_landing(self) -> int:
        """The landing that holds the code as it was."""
        return self._opened.spec.import_landing

    @property
    def shared(self) -> SharedState:
        """Its shared variables."""
        return self._opened.shared

    @property
    def is_heavy(self) -> bool:
        """Whether it keeps sandboxes and checkouts."""
        return self._opened.is_heavy

    def problem(self, order: AttemptOrder) -> Problem[Any, Any, Any]:
        """Return the problem as this agent sees it for one turn."""
        return self._opened.problem(order.agent)

    def agent(self, order: AttemptOrder) -> Agent[Any, Any]:
        """Return the strategy of an agent; strategies of one kind are shared, they hold no turn."""
        if order.kind not in self._agents:
            self._agents[order.kind] = agent_of(order.kind)
        return self._agents[order.kind]

    def interrupt(self) -> None:
        """End what runs for it now."""
        self._opened.interrupt()

    def close(self) -> None:
        """End what it keeps."""
        self._opened.close()


class Process:
    """What one worker process holds."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Name the servers; connections are made on first use.

        Raises:
            ConfigurationError: no server is named and no embedded stack runs.
        """
        self._settings = settings
        self._clock = clock
        self._engine = _engine(settings)
        self._spaces = Spaces(settings.require_redis_url())
        self._runner = CountedRunner(settings)
        self._workshop = Workshop(self._engine, self._spaces, settings, clock, self._runner)
        self._client = redis.Redis.from_url(
            settings.require_redis_url(),
            socket_connect_timeout=CONNECT_SECONDS_MAX,
            socket_timeout=REPLY_SECONDS_MAX,
        )
        self._open: OrderedDict[str, OpenSwarm] = OrderedDict()

    def run(self, order: AttemptOrder) -> AttemptReport | None:
        """Run one turn of one agent; blocks until it is reported."""
        report = run_attempt(order, self._swarm(order.swarm), self._settings, self._clock)
        wake_flush(self._client)
        return report

    def close(self) -> None:
        """End every sandbox and connection."""
        while self._open:
            self._open.popitem()[1].close()
        self._runner.close()
        self._spaces.close()
        self._client.close()
        self._engine.dispose()

    def _swarm(self, swarm_id: str) -> OpenSwarm:
        known = self._open.pop(swarm_id, None)
        self._open[swarm_id] = known or self._opened(swarm_id)
        heavy = [name for name, each in self._open.items() if each.is_heavy]
        light = [name for name, each in self._open.items() if not each.is_heavy]
        for name in [*heavy[:-HEAVY_OPEN_MAX], *light[:-SWARMS_OPEN_MAX]]:
            self._open.pop(name).close()
        return self._open[swarm_id]

    def _opened(self, swarm_id: str) -> OpenSwarm:
        query = select(SWARMS.c.spec).where(SWARMS.c.swarm_id == swarm_id)
        with self._engine.begin() as connection:
            spec = SwarmSpec.model_validate(connection.execute(query).scalar_one())
        return OpenSwarm(open_problem(spec, self._workshop))


_PROCESS: list[Process] = []


def process() -> Process:
    """Return this process's parts, built on first use."""
    if not _PROCESS:
        _PROCESS.append(Process(Settings(), RealClock()))
    return _PROCESS[0]


def close() -> None:
    """Close this process's parts, if they were built."""
    while _PROCESS:
        _PROCESS.pop().close()


def _engine(settings: Settings) -> Engine:
    url = make_url(settings.require_database_url()).set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        pool_size=1,
        max_overflow=1,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS_MAX,
            "tcp_user_timeout": TCP_MILLISECONDS_MAX,
        },
    )
