"""What did not land is kept with its reason, and forgotten by the day."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from swarm_workers.clock import Clock, RealClock
from swarm_workers.daily import DROPS_MAX, days_of
from swarm_workers.protocols import TreeFile
from swarm_workers.source.failed import KEPT_DAYS
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Conflict
from swarm_workers.upkeep.days import DayKeeper
from tests.support.stored import merge

TREE = {"a.py": TreeFile(b"x = 1\n")}


class Later(RealClock):
    """A clock that is some days ahead."""

    def __init__(self, days: float) -> None:
        self._ahead = timedelta(days=days)

    def now(self) -> datetime:
        return super().now() + self._ahead


def keeper(engine: Engine, clock: Clock) -> DayKeeper:
    return DayKeeper(engine, clock, results_days=30)


def rows(engine: Engine, table: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]


def days(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return len(days_of(connection, table))


def test_operations_that_failed_are_kept_once_with_their_reason(
    store: SourceStore, engine: Engine
) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    operations = store.propose(branch, 0, {"a.py": TreeFile(b"x = 2\n")})
    attempt = uuid.uuid4()
    store.fail(attempt, operations, "test_x turned red")
    store.fail(attempt, operations, "a second delivery")
    with engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM failed_operations")).all()
    assert (row.attempt_id, row.reason) == (attempt, "test_x turned red")
    assert row.payload == {"text": "x = 2\n"}


def test_the_loser_of_a_conflict_finds_base_ours_and_theirs(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    mine = store.propose(branch, 0, {"a.py": TreeFile(b"x = 2\n")})
    theirs = store.propose(branch, 0, {"a.py": TreeFile(b"x = 3\n")})
    landed = {"author": "b", "attempt_id": uuid.uuid4(), "exit_status": 0}
    store.land(branch, expected_head=0, operations=theirs, **landed)
    conflict = merge(store, branch, 0, mine)
    assert isinstance(conflict, Conflict)
    attempt = uuid.uuid4()
    store.fail(attempt, mine, "it conflicts", conflict.clashes)
    (clash,) = store.clashes(attempt)
    assert (clash.path, clash.register) == ("a.py", "text")
    assert (clash.base, clash.ours, clash.theirs) == ("x = 1\n", "x = 2\n", "x = 3\n")
    assert store.clashes(uuid.uuid4()) == ()


def test_what_was_kept_long_enough_is_dropped_with_its_day(
    store: SourceStore, engine: Engine
) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    operations = store.propose(branch, 0, {"a.py": TreeFile(b"x = 2\n")})
    store.fail(uuid.uuid4(), operations, "today")
    SourceStore(engine, Later(1)).fail(uuid.uuid4(), operations, "tomorrow")
    keeper(engine, Later(KEPT_DAYS)).step()
    assert len(rows(engine, "failed_operations")) == 2
    keeper(engine, Later(KEPT_DAYS + 1)).step()
    assert [row[-2] for row in rows(engine, "failed_operations")] == ["tomorrow"]
    keeper(engine, Later(KEPT_DAYS + 2)).step()
    assert rows(engine, "failed_operations") == []


def test_a_round_makes_the_next_days_and_drops_a_bounded_number(engine: Engine) -> None:
    keeper(engine, Later(0)).step()
    ahead = days(engine, "test_results")
    assert ahead == days(engine, "clashes") == 4
    for day in range(DROPS_MAX + 2):
        keeper(engine, Later(day)).step()
    assert days(engine, "test_results") == DROPS_MAX + 5
    late = keeper(engine, Later(100))
    pause = late.step()
    assert days(engine, "test_results") == DROPS_MAX + 5 + ahead - DROPS_MAX
    assert pause < late.step(), "a round that left days over does not come again soon"
    assert days(engine, "test_results") == ahead


def test_a_day_that_is_being_read_is_dropped_in_a_later_round(engine: Engine) -> None:
    keeper(engine, Later(0)).step()
    with engine.begin() as reader:
        reader.execute(text("SELECT count(*) FROM clashes"))
        keeper(engine, Later(60)).step()
        assert days(engine, "clashes") == 8
    keeper(engine, Later(60)).step()
    assert days(engine, "clashes") == 4
