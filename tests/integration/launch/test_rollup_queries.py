"""What dashboards ask is answered from the sums, and says what counting would."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, event, insert, make_url

from orchestrator.queries.rollups import hotspots, leaderboard, progress
from orchestrator.queries.status import read_swarm
from swarm_workers.reporting import writer
from tasks_schema.kinds import AgentKind, AttemptStatus, SwarmStatus
from tasks_schema.messages.attempt import AttemptReport
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import CodeTask, Interpreter
from tasks_schema.tables.swarms import SWARMS

TASK = CodeTask(
    description="", repository="/r", success="true", success_argv=("true",),
    interpreter=Interpreter(executable="/p", version=(3, 11), folders=()),
)  # fmt: skip
SPEC = SwarmSpec(swarm_id="s-1", task=TASK, agents=2, branch=str(uuid4()), import_landing=0)


def report(agent: str, status: AttemptStatus, *scopes: str, seconds: float = 1) -> AttemptReport:
    return AttemptReport(
        attempt_id=uuid4(), swarm="s-1", agent=agent, kind=AgentKind.SEARCH, turn=0, status=status,
        worker="w", started_at=datetime(2026, 1, 1, tzinfo=UTC), seconds=seconds, candidates=5,
        operations_spent=7, base_landing=0, scopes=scopes,
    )  # fmt: skip


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    row = {"swarm_id": "s-1", "spec": SPEC.model_dump(mode="json"), "status": SwarmStatus.RUNNING}
    with engine.begin() as connection:
        connection.execute(insert(SWARMS).values(row))
    writer.Writer(engine).write(
        [
            report("slow", AttemptStatus.LANDED, "a.f", seconds=9),
            report("quick", AttemptStatus.LANDED, "a.f", "b"),
            report("unlucky", AttemptStatus.FINISHED, "a.f"),
            report("unlucky", AttemptStatus.CANCELLED),
        ]
    )
    yield engine
    engine.dispose()


def test_the_leaderboard_has_who_landed_most_and_was_quicker(engine: Engine) -> None:
    with engine.connect() as connection:
        rows = leaderboard(connection, "s-1", 2)
    assert [(row.agent_id, row.landed, row.attempts) for row in rows] == [
        ("quick", 1, 1),
        ("slow", 1, 1),
    ]


def test_progress_adds_up_the_minutes(engine: Engine) -> None:
    with engine.connect() as connection:
        rows = progress(connection, "s-1", 10)
    assert sum(row.attempts for row in rows) == 3
    assert sum(row.landed for row in rows) == 2


def test_hotspots_have_the_scopes_that_most_attempts_went_for(engine: Engine) -> None:
    with engine.connect() as connection:
        rows = hotspots(connection, "s-1", 10)
        assert hotspots(connection, "s-1", 10, datetime(2100, 1, 1, tzinfo=UTC)) == []
    assert [(row.scope, row.attempts, row.landed) for row in rows] == [("a.f", 3, 2), ("b", 1, 1)]


def test_a_swarms_row_has_the_sums(engine: Engine) -> None:
    with engine.connect() as connection:
        row = read_swarm(connection, "s-1")
    sums = (row.attempts, row.in_flight, row.candidates, row.operations_spent)
    assert sums == (3, 0, 20, 28)
    assert {type(value) for value in sums} == {int}, "JSON has no decimals"


def test_dashboards_touch_no_attempt_and_no_result(engine: Engine) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        for query in (leaderboard, progress, hotspots):
            query(connection, "s-1", 5)
    assert len(asked) == 3
    for statement in asked:
        read = re.findall(r"FROM (\w+)", statement)
        assert len(read) == 1
        assert read[0].endswith("_rollups")
