"""Each attempt is counted once, whatever comes twice, late or broken."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from swarm_workers.errors import ServiceUnreachableError
from swarm_workers.reporting import writer
from swarm_workers.reporting.flush import Flush, flush_once
from swarm_workers.reporting.outbox import Outbox, stream_key
from swarm_workers.stm import Stm
from tasks_schema.kinds import AttemptStatus, TestOutcome
from tasks_schema.messages.attempt import TestResult
from tasks_schema.names import KEY_ACTIVE_SWARMS, OUTBOX_STREAM
from tasks_schema.tables.attempts import ATTEMPTS
from tests.integration.reporting.conftest import Desk


def test_a_report_fills_in_the_row_that_the_launch_wrote(desk: Desk) -> None:
    tests = (TestResult(test="t::a", outcome=TestOutcome.FAILED, seconds=0.1, message="no"),)
    report = desk.report(
        status=AttemptStatus.LANDED, landing=2, exit_status=1, candidates=3, tests=tests
    )
    desk.record_sent(report)
    desk.post(report)
    assert desk.flush().step() == 1
    (row,) = desk.rows()
    assert (row.status, row.landing, row.exit_status, row.candidates) == ("landed", 2, 1, 3)
    assert row.started_at == report.started_at
    assert row.reported_at is not None
    (result,) = desk.results()
    assert tuple(result)[1:] == ("t::a", row.reported_at, "failed", 0.1, "no")
    assert desk.waiting() == 0


def test_what_an_attempt_commits_in_its_transaction_is_what_is_flushed(desk: Desk) -> None:
    desk.redis.sadd(KEY_ACTIVE_SWARMS, desk.swarm)
    stm = Stm.connect(desk.redis_url, desk.swarm)
    outbox = stm.stream(OUTBOX_STREAM)
    stm.atomically(outbox.append, desk.report(turn=3).model_dump_json())
    stm.close()
    assert desk.flush().step() == 1
    assert desk.rows(ATTEMPTS.c.turn) == [(3,)]
    assert desk.rejected() == []


def test_a_report_whose_row_is_missing_makes_one(desk: Desk) -> None:
    desk.post(desk.report(turn=7))
    desk.flush().step()
    (row,) = desk.rows()
    assert (row.swarm_id, row.agent_id, row.kind, row.turn) == (
        desk.swarm,
        "search-0001",
        "search",
        7,
    )


def test_the_first_report_of_an_attempt_wins_in_one_batch_and_in_a_later_one(desk: Desk) -> None:
    first, second = desk.report(operations_spent=5), desk.report(operations_spent=7)
    extra = TestResult(test="t::late", outcome=TestOutcome.PASSED, seconds=0)
    desk.post(first, second)
    desk.flush().step()
    desk.post(second.model_copy(update={"tests": (extra,)}))
    desk.flush().step()
    assert desk.rows(ATTEMPTS.c.operations_spent) == [(5,)]
    assert desk.results() == []
    assert desk.waiting() == 0


def test_a_crash_between_commit_and_acknowledgement_counts_once(desk: Desk) -> None:
    desk.post(desk.report(operations_spent=5))
    (entry,) = Outbox(desk.redis, "test").read(10)
    assert entry.data == desk.report(operations_spent=5).model_dump_json().encode()
    assert writer.Writer(desk.engine).write([desk.report(operations_spent=5)]) == 1
    assert desk.waiting() == 1
    assert desk.flush().step() == 1, "the same reader, started again, does not see its own entry"
    assert desk.rows(ATTEMPTS.c.operations_spent) == [(5,)]
    assert desk.waiting() == 0


def test_what_a_reader_left_behind_is_taken_over_by_another(desk: Desk) -> None:
    desk.post(desk.report())
    assert len(Outbox(desk.redis, "dead").read(10)) == 1
    other = Outbox(desk.redis, "alive", claim_idle_ms=0)
    assert other.read(10) == []
    assert other.claim_abandoned(10) == 1
    assert len(other.read(10)) == 1


def test_a_report_that_another_deleted_is_settled_and_not_set_aside(desk: Desk) -> None:
    desk.post(desk.report())
    (entry,) = Outbox(desk.redis, "test").read(10)
    desk.redis.xdel(stream_key(desk.swarm), entry.entry_id)
    flush = desk.flush()
    assert [flush.step(), flush.step()] == [1, 0]
    assert desk.rejected() == []


def test_reports_wait_while_postgres_is_away_and_none_is_lost(
    desk: Desk, database_url: str
) -> None:
    flush = desk.flush()
    desk.post(desk.report(turn=0))
    flush.step()
    with _postgres_away(desk, database_url):
        desk.post(desk.report(turn=1), desk.report(turn=2))
        for _ in range(2):
            with pytest.raises(ServiceUnreachableError, match="Postgres"):
                flush.step()
        assert desk.waiting() == 2
    assert flush.step() == 2
    assert desk.count() == 3
    assert desk.waiting() == 0


@pytest.mark.parametrize(
    "poison",
    [
        b"{",
        b"",
        b'{"attempt_id": "no id"}',
    ],
)
def test_a_report_that_cannot_be_read_is_set_aside_and_blocks_no_other(
    desk: Desk, poison: bytes
) -> None:
    desk.post(desk.report(turn=0), poison, desk.report(turn=1))
    desk.flush().step()
    assert desk.count() == 2
    assert desk.waiting() == 0
    assert [fields[b"report"] for fields in desk.rejected()] == [poison]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"swarm": "never-launched"}, "fk_attempts_swarm_id"),
        ({"reason": "a\0b"}, "NUL"),
        ({"operations_spent": 2**40}, "integer out of range"),
    ],
)
def test_a_report_that_postgres_refuses_is_set_aside_and_blocks_no_other(
    desk: Desk, values: dict[str, object], reason: str
) -> None:
    desk.post(desk.report(turn=0), desk.report(turn=1, **values), desk.report(turn=2))
    desk.flush().step()
    assert desk.rows(ATTEMPTS.c.turn) == [(0,), (2,)]
    assert desk.waiting() == 0
    (fields,) = desk.rejected()
    assert reason in fields[b"reason"].decode()


def test_a_key_that_is_no_stream_blocks_no_other_swarm(desk: Desk) -> None:
    desk.redis.sadd("swarm:active", "aaa-broken", "zzz-broken")
    desk.redis.set("{aaa-broken}:x:outbox", "not a stream")
    desk.redis.set("{zzz-broken}:x:outbox", "not a stream")
    desk.post(desk.report())
    flush = desk.flush()
    assert flush.step() == 1
    assert desk.count() == 1


def test_a_busy_swarm_leaves_room_for_the_others(desk: Desk) -> None:
    desk.post(*(desk.report(turn=turn) for turn in range(20)))
    desk.redis.sadd("swarm:active", "quiet-000001")
    desk.redis.xadd("{quiet-000001}:x:outbox", {"report": b"x"})
    entries = Outbox(desk.redis, "test").read(10)
    assert len(entries) == 6
    assert entries[-1].swarm == "quiet-000001"


def test_an_idle_outbox_is_left_without_keys(desk: Desk) -> None:
    desk.redis.sadd("swarm:active", desk.swarm)
    assert desk.flush().step() == 0
    assert desk.redis.keys("{*") == []


def test_all_that_waits_is_written_by_one_call_without_threads(desk: Desk) -> None:
    desk.post(*(desk.report(turn=turn) for turn in range(25)))
    assert flush_once(desk.redis, desk.engine, reader="launch", batch_max=10) == 25
    assert desk.count() == 25


def test_two_readers_share_the_work_and_count_each_report_once(desk: Desk) -> None:
    desk.post(*(desk.report(turn=turn) for turn in range(40)))
    readers: list[Flush] = [desk.flush(name, batch_max=7) for name in ("a", "b")]
    taken = [0, 0]
    while any(steps := [reader.step() for reader in readers]):
        taken = [sum(pair) for pair in zip(taken, steps, strict=True)]
    assert sum(taken) == desk.count() == 40
    assert min(taken) > 0


def test_a_report_for_a_missing_table_waits_for_the_migration(desk: Desk) -> None:
    desk.post(desk.report())
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE attempts RENAME TO attempts_before")
    flush = desk.flush()
    with pytest.raises(ServiceUnreachableError, match='relation "attempts" does not exist'):
        flush.step()
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE attempts_before RENAME TO attempts")
    assert flush.step() == 1
    assert desk.count() == 1
    assert desk.rejected() == []


@contextmanager
def _postgres_away(desk: Desk, database_url: str) -> Iterator[None]:
    """Cut the connections to this test's database and refuse new ones."""
    name = desk.engine.url.database
    assert name is not None
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        yield
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
