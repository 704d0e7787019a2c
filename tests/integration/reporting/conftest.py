"""An outbox in Redis, a database with a swarm in it, and reports to send from one to the other."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis
from sqlalchemy import Engine, Select, TextClause, func, insert, select

from swarm_workers.reporting import writer
from swarm_workers.reporting.flush import Flush
from swarm_workers.reporting.outbox import stream_key
from tasks_schema.ids import AgentId, SwarmId, attempt_id
from tasks_schema.kinds import AgentKind, AttemptStatus, SwarmStatus
from tasks_schema.messages.attempt import AttemptReport
from tasks_schema.names import KEY_ACTIVE_SWARMS, OUTBOX_FIELD, REJECTED_STREAM
from tasks_schema.tables.attempts import ATTEMPTS, TEST_RESULTS
from tasks_schema.tables.swarms import SWARMS

REDIS_DATABASE = 9
"""A number of our own in the shared server: a flush takes the reports of all active swarms."""


@dataclass
class Desk:
    """What a test writes to the outbox, and what Postgres then has."""

    redis_url: str
    redis: Redis
    engine: Engine
    swarm: str

    def flush(self, reader: str = "test", batch_max: int = 500) -> Flush:
        return Flush(self.redis, self.engine, reader=reader, batch_max=batch_max)

    def report(self, turn: int = 0, **values: Any) -> AttemptReport:
        known = {
            "attempt_id": attempt_id(SwarmId(self.swarm), AgentId("search-0001"), turn),
            "swarm": self.swarm,
            "agent": "search-0001",
            "kind": AgentKind.SEARCH,
            "turn": turn,
            "status": AttemptStatus.FINISHED,
            "worker": "box/1",
            "started_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "seconds": 1.5,
            "base_landing": 1,
        }
        return AttemptReport.model_validate(known | values)

    def post(self, *reports: AttemptReport | bytes) -> None:
        self.redis.sadd(KEY_ACTIVE_SWARMS, self.swarm)
        for report in reports:
            data = report if isinstance(report, bytes) else report.model_dump_json()
            self.redis.xadd(stream_key(self.swarm), {OUTBOX_FIELD: data})

    def record_sent(self, report: AttemptReport) -> None:
        row = {"attempt_id": report.attempt_id, "swarm_id": report.swarm, "kind": "search"}
        row |= {"agent_id": report.agent, "turn": report.turn, "status": AttemptStatus.SENT}
        with self.engine.begin() as connection:
            connection.execute(insert(ATTEMPTS).values(row))

    def rows(self, *columns: Any) -> list[Any]:
        return self._all(select(*(columns or (ATTEMPTS,))).order_by(ATTEMPTS.c.turn))

    def results(self) -> list[Any]:
        return self._all(select(TEST_RESULTS).order_by(TEST_RESULTS.c.test))

    def count(self) -> int:
        return int(self._all(select(func.count()).select_from(ATTEMPTS))[0][0])

    def waiting(self) -> int:
        return self.redis.xlen(stream_key(self.swarm))

    def rejected(self) -> list[dict[bytes, bytes]]:
        found = self.redis.xrange(stream_key(self.swarm, REJECTED_STREAM))
        return [fields for _entry_id, fields in found]

    def _all(self, query: Select[Any] | TextClause) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(query))


@pytest.fixture
def desk(redis_url: str, database: str) -> Iterator[Desk]:
    url = urlsplit(redis_url)._replace(path=f"/{REDIS_DATABASE}").geturl()
    engine = writer.connect(database)
    with Redis.from_url(url) as redis:
        redis.flushdb()
        desk = Desk(url, redis, engine, f"desk-{uuid.uuid4().hex[:6]}")
        row = {"swarm_id": desk.swarm, "spec": {}, "status": SwarmStatus.RUNNING}
        with engine.begin() as connection:
            connection.execute(insert(SWARMS).values(row))
        yield desk
        redis.flushdb()
    engine.dispose()
