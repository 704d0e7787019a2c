"""The sums that dashboards read are those of the attempts, whatever comes twice or at once."""

import random
import threading
from uuid import uuid4

import pytest
from sqlalchemy import text

from swarm_workers.clock import RealClock
from swarm_workers.daily import days_of
from swarm_workers.reporting import writer
from swarm_workers.reporting.failures import ReportRejectedError
from tasks_schema.kinds import AgentKind, AttemptStatus, TestOutcome
from tasks_schema.messages.attempt import AttemptReport, TestResult
from tests.integration.reporting.conftest import Desk

ENDS = [
    AttemptStatus.LANDED,
    AttemptStatus.FINISHED,
    AttemptStatus.FAILED,
    AttemptStatus.DEAD,
    AttemptStatus.CANCELLED,
]
SUMS = """
    count(*) FILTER (WHERE status <> 'cancelled'), count(*) FILTER (WHERE status = 'landed'),
    count(*) FILTER (WHERE status IN ('failed', 'dead')),
    count(*) FILTER (WHERE status = 'cancelled'),
    sum(candidates), sum(operations_spent), round(sum(seconds)::numeric, 6)
    FROM attempts WHERE kind <> 'baseline'
"""
COUNTED = "attempts, landed, failed, cancelled, candidates, operations_spent"


def of_agents(desk: Desk) -> tuple[list[object], list[object]]:
    return compare(desk, "agent_rollups", "agent_id", "agent_id")


def of_minutes(desk: Desk) -> tuple[list[object], list[object]]:
    return compare(desk, "minute_rollups", "minute", "date_trunc('minute', reported_at)")


def compare(desk: Desk, table: str, key: str, counted_by: str) -> tuple[list[object], list[object]]:
    """Return what is kept, and what counting gives."""
    kept = f"SELECT {key}, {COUNTED}, round(seconds::numeric, 6) FROM {table} ORDER BY 1"
    counted = f"SELECT {counted_by}, {SUMS} GROUP BY 1 ORDER BY 1"
    found = [[tuple(row) for row in desk._all(text(query))] for query in (kept, counted)]
    return found[0], found[1]


def some_reports(desk: Desk, count: int, seed: int) -> list[AttemptReport]:
    chance = random.Random(seed)
    return [
        desk.report(
            turn=turn,
            agent=f"search-{chance.randrange(4):04}",
            attempt_id=uuid4(),
            status=chance.choice(ENDS),
            kind=AgentKind.BASELINE if turn == 0 else AgentKind.SEARCH,
            candidates=chance.randrange(100),
            operations_spent=chance.randrange(100),
            seconds=chance.random(),
            scopes=tuple(chance.sample(["a", "a.f", "b"], chance.randrange(3))),
        )
        for turn in range(count)
    ]


def test_sums_are_those_of_the_attempts_when_several_write_and_much_comes_twice(desk: Desk) -> None:
    reports = some_reports(desk, 120, seed=7)
    refused: list[Exception] = []

    def write(seed: int) -> None:
        chance, mine = random.Random(seed), [*reports, *reports[:40]]
        chance.shuffle(mine)
        engine = writer.connect(desk.engine.url.render_as_string(hide_password=False))
        try:
            for start in range(0, len(mine), 16):
                writer.Writer(engine).write(mine[start : start + 16])
        except Exception as error:  # noqa: BLE001 - told below
            refused.append(error)
        engine.dispose()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    for kept, counted in (of_agents(desk), of_minutes(desk)):
        assert kept == counted
        assert kept


def test_scopes_are_counted_once_an_attempt_and_hour(desk: Desk) -> None:
    landed = desk.report(turn=1, status=AttemptStatus.LANDED, scopes=("a.f", "a.f", "b"))
    desk.post(landed, desk.report(turn=2, scopes=("a.f",)), landed)
    desk.flush().step()
    rows = desk._all(text("SELECT scope, attempts, landed FROM hotspot_rollups ORDER BY scope"))
    assert [tuple(row) for row in rows] == [("a.f", 2, 1), ("b", 1, 1)]


def test_the_attempt_that_measures_the_code_is_in_no_sum(desk: Desk) -> None:
    desk.post(desk.report(kind=AgentKind.BASELINE, agent="baseline-0000"))
    desk.flush().step()
    assert of_agents(desk) == ([], [])


def test_a_batch_that_is_refused_adds_nothing(desk: Desk) -> None:
    good, bad = desk.report(turn=1), desk.report(turn=2, reason="a\0b")
    with pytest.raises(ReportRejectedError):
        writer.Writer(desk.engine).write([good, bad])
    assert of_agents(desk) == ([], [])
    assert desk.count() == 0


def test_results_lie_in_the_part_of_their_day_and_a_test_counts_once(desk: Desk) -> None:
    ended = [TestOutcome.FAILED, TestOutcome.PASSED]
    twice = tuple(TestResult(test="t::a", outcome=outcome, seconds=0) for outcome in ended)
    desk.post(desk.report(tests=twice))
    desk.flush().step()
    (row,) = desk._all(text("SELECT tableoid::regclass::text AS part, * FROM test_results"))
    assert row.part == f"test_results_d{row.reported_at:%Y%m%d}"
    assert row.outcome == "failed"


def test_a_writer_needs_no_upkeep_to_have_made_its_day(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        assert days_of(connection, "test_results") == []
    desk.post(desk.report(tests=(TestResult(test="t", outcome=TestOutcome.PASSED, seconds=0),)))
    desk.flush().step()
    with desk.engine.connect() as connection:
        assert days_of(connection, "test_results") == [RealClock().now().date()]
