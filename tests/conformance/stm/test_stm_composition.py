"""What is dropped and what stays when parts of a transaction fail, retry or join."""

import pytest

from swarm_workers.stm import (
    Stm,
    StmUsageError,
    nested,
    on_abort,
    on_commit,
    or_else,
    retry,
)
from tests.conformance.stm.conftest import Interference


def test_an_exception_undoes_everything_and_reaches_the_caller(stm: Stm) -> None:
    value, names, outbox = stm.var("v", int, default=0), stm.set("s", str), stm.stream("x")
    ended: list[str] = []

    def body() -> None:
        value.set(1)
        names.add("a")
        outbox.append("report")
        on_commit(lambda: ended.append("commit"))
        on_abort(lambda: ended.append("abort"))
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        stm.atomically(body)
    assert stm.atomically(lambda: (value.get(), names.members())) == (0, frozenset())
    assert ended == ["abort"]


def test_callbacks_run_once_after_the_commit_and_outside_of_it(
    stm: Stm, others: Interference
) -> None:
    value = stm.var("v", int, default=0)
    seen: list[int] = []

    def body() -> None:
        value.set(3)
        on_commit(lambda: seen.append(others.stm.atomically(value.get)))
        on_abort(lambda: seen.append(-1))

    stm.atomically(body)
    assert seen == [3]


def test_the_left_branch_leaves_no_write_behind_when_it_retries(stm: Stm) -> None:
    value, total, queue = stm.var("v", int, default=0), stm.counter("n"), stm.queue("q", str)
    called: list[str] = []

    def left() -> str:
        value.set(9)
        total.add(9)
        queue.push("left")
        on_commit(lambda: called.append("left"))
        retry()

    def right() -> str:
        assert (value.get(), total.value(), queue.try_pop()) == (0, 0, None)
        total.add(1)
        return "right"

    assert stm.atomically(or_else, left, right) == "right"
    assert stm.atomically(lambda: (value.get(), total.value())) == (0, 1)
    assert called == []


def test_a_nested_failure_that_is_caught_undoes_only_the_nested_part(stm: Stm) -> None:
    value, names = stm.var("v", int, default=0), stm.map("m", int)

    def inner() -> None:
        value.set(2)
        names.put("inner", 2)
        raise LookupError("inner")

    def outer() -> None:
        value.set(1)
        names.put("outer", 1)
        with pytest.raises(LookupError, match="inner"):
            nested(inner)
        assert value.get() == 1

    stm.atomically(outer)
    assert stm.atomically(lambda: (value.get(), names.items())) == (1, {"outer": 1})


def test_a_transaction_inside_a_transaction_is_a_part_of_it(stm: Stm, others: Interference) -> None:
    value = stm.var("v", int, default=0)

    def outer() -> None:
        others.stm.atomically(value.set, 1)
        assert value.get() == 1
        raise LookupError

    with pytest.raises(LookupError):
        others.stm.atomically(outer)
    assert stm.atomically(value.get) == 0


def test_a_snapshot_and_its_commit_inside_a_transaction_are_a_part_of_it(
    others: Interference,
) -> None:
    value = others.stm.var("v", int, default=1)

    def outer() -> None:
        snapshot = others.stm.snapshot(value.get)
        others.stm.commit_if(snapshot, lambda seen: value.set(seen + 1))
        assert value.get() == 2
        raise LookupError

    with pytest.raises(LookupError):
        others.stm.atomically(outer)
    assert others.stm.atomically(value.get) == 1


def test_waiting_for_nothing_is_refused(stm: Stm) -> None:
    with pytest.raises(StmUsageError, match="would wait for ever"):
        stm.atomically(retry)


def test_purge_leaves_an_empty_space(stm: Stm) -> None:
    value, names, entries = stm.var("v", int, default=0), stm.set("s", str), stm.map("m", int)

    def fill() -> None:
        value.set(1)
        names.add("a")
        entries.put("a", 1)

    stm.atomically(fill)
    stm.purge()
    state = stm.atomically(lambda: (value.get(), names.members(), entries.items()))
    assert state == (0, frozenset(), {})
