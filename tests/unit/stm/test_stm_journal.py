"""The log of one run: one change per key, and savepoints."""

from swarm_workers.stm.kernel.journal import Added, Assigned, Journal, Members, Queued
from swarm_workers.stm.questions import Effect, Query


def test_rolling_back_drops_writes_and_keeps_what_was_read() -> None:
    journal = Journal()
    journal.writes["a"] = Added(1)
    savepoint = journal.savepoint()
    journal.observed[Query("GET", "b")] = b"seen"
    journal.asked[Query("GET", "b")] = None
    journal.writes["a"] = Added(5)
    journal.writes["b"] = Assigned(b"1")
    journal.on_commit.append(str)
    journal.roll_back(savepoint)
    assert journal.effects() == [Effect("INCRBY", "a", (1,))]
    assert journal.watched_keys() == frozenset({"b"})
    assert journal.on_commit == []


def test_a_savepoint_can_be_returned_to_more_than_once() -> None:
    journal = Journal()
    savepoint = journal.savepoint()
    for _ in range(2):
        journal.writes["a"] = Added(1)
        journal.roll_back(savepoint)
        assert journal.effects() == []


def test_changes_that_come_to_nothing_send_nothing() -> None:
    journal = Journal()
    journal.writes |= {
        "unchanged": Assigned(b"1", is_unchanged=True),
        "back": Added(0),
        "none": Members(),
        "empty": Queued(),
    }
    assert journal.effects() == []


def test_a_queue_is_popped_before_it_is_pushed() -> None:
    effects = Queued(popped=2, pushed=(b"x", b"y")).effects("q")
    assert effects == [Effect("LTRIM", "q", (2, -1)), Effect("RPUSH", "q", (b"x", b"y"))]
