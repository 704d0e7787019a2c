"""Transactions behave as if one ran after the other, and no body sees a state that never was."""

from functools import partial

import pytest

from swarm_workers.stm import Stm, TransactionTimeoutError, on_abort
from tests.conformance.stm.conftest import Interference, in_thread, in_threads


def test_an_update_between_read_and_write_is_not_lost(stm: Stm, others: Interference) -> None:
    value = stm.var("value", int, default=0)

    def add_ten() -> None:
        seen = value.get()
        others.once(lambda: value.set(value.get() + 1))
        value.set(seen + 10)

    stm.atomically(add_ten)
    assert stm.atomically(value.get) == 11
    assert others.runs == 2


def test_two_that_read_both_and_write_one_each_do_not_both_commit(
    stm: Stm, others: Interference
) -> None:
    left = stm.var("left", bool, default=True)
    right = stm.var("right", bool, default=True)

    def turn_right_off() -> None:
        if left.get() and right.get():
            right.set(False)

    def turn_left_off() -> None:
        if left.get() and right.get():
            others.once(turn_right_off)
            left.set(False)

    stm.atomically(turn_left_off)
    assert stm.atomically(lambda: (left.get(), right.get())) == (True, False)


def test_a_body_never_sees_two_reads_of_different_states(stm: Stm, others: Interference) -> None:
    left, right = stm.var("left", int, default=5), stm.var("right", int, default=5)

    def move() -> None:
        left.set(0)
        right.set(10)

    def audit() -> int:
        seen = left.get()
        others.once(move)
        total = seen + right.get()
        assert total == 10, "the body ran on a state that never was"
        return total

    assert stm.atomically(audit) == 10
    assert others.runs == 2


def test_a_body_that_swallows_everything_still_cannot_go_on_after_a_torn_read(
    stm: Stm, others: Interference
) -> None:
    left, right = stm.var("left", int, default=5), stm.var("right", int, default=5)

    def stubborn() -> int:
        seen = left.get()
        others.once(lambda: left.set(6))
        try:
            return seen + right.get()
        except BaseException:  # noqa: BLE001 - this is what is tested
            return -1

    assert stm.atomically(stubborn) == 11


def test_a_value_set_and_set_back_by_others_is_no_torn_state(
    stm: Stm, others: Interference
) -> None:
    value, other = stm.var("value", int, default=1), stm.var("other", int, default=1)
    stm.atomically(value.set, 1)

    def there_and_back() -> None:
        others.stm.atomically(value.set, 2)
        others.stm.atomically(value.set, 1)

    def body() -> None:
        seen = value.get()
        if others.runs == 0:
            in_thread(there_and_back)
        others.runs += 1
        other.set(seen + other.get())

    stm.atomically(body)
    assert stm.atomically(lambda: (value.get(), other.get())) == (1, 2)
    assert others.runs == 2, "a version that came back is another version"


def test_an_entry_that_comes_during_a_listing_makes_it_run_again(
    stm: Stm, others: Interference
) -> None:
    entries, count = stm.map("entries", int), stm.var("count", int, default=-1)

    def count_entries() -> None:
        seen = len(entries.items())
        others.once(lambda: entries.put("b", 2))
        count.set(seen)

    stm.atomically(entries.put, "a", 1)
    stm.atomically(count_entries)
    assert stm.atomically(count.get) == 2


def test_work_on_other_entries_and_blind_additions_do_not_conflict(
    stm: Stm, others: Interference
) -> None:
    entries, total = stm.map("entries", int), stm.counter("total")
    names, mine = stm.set("names", str), stm.var("mine", int, default=0)

    def others_work() -> None:
        entries.put("b", 2)
        total.add(5)
        names.add("b")

    def body() -> None:
        mine.set(mine.get() + 1)
        entries.put("a", (entries.get("a") or 0) + 1)
        total.add(1)
        names.add("a")
        others.once(others_work)

    stm.atomically(body)
    assert others.runs == 1
    state = stm.atomically(lambda: (entries.items(), total.value(), names.members()))
    assert state == ({"a": 1, "b": 2}, 6, frozenset({"a", "b"}))


def test_auditors_never_see_money_appear_while_others_move_it(stm: Stm) -> None:
    accounts = [stm.var(f"account/{i}", int, default=100) for i in range(6)]

    def move(source: int, target: int) -> None:
        accounts[source].set(accounts[source].get() - 1)
        accounts[target].set(accounts[target].get() + 1)

    def mover(shift: int) -> None:
        for i in range(120):
            stm.atomically(move, (i + shift) % 6, (i + shift + 1 + i % 4) % 6)

    def audit() -> None:
        assert sum([account.get() for account in accounts]) == 600

    def auditor() -> None:
        for _ in range(60):
            stm.atomically(audit)

    in_threads([lambda: mover(0), lambda: mover(3), auditor, auditor])
    stm.atomically(audit)


def test_takes_by_many_never_go_below_the_floor_and_leave_nothing_over(stm: Stm) -> None:
    budget = stm.counter("budget")
    stm.atomically(budget.add, 403)
    taken: list[int] = []

    def taker() -> None:
        while amount := stm.atomically(lambda: budget.take(7, floor=3)):
            assert stm.atomically(budget.value) >= 3
            taken.append(amount)

    in_threads([taker] * 8)
    assert stm.atomically(budget.value) == 3
    assert sum(taken) == 400


def test_a_transaction_that_can_never_win_gives_up_in_time_and_writes_nothing(
    stm: Stm, others: Interference
) -> None:
    hot, told = stm.var("hot", int, default=0), []

    def body() -> None:
        on_abort(lambda: told.append("aborted"))
        seen = hot.get()
        others.runs = 0
        others.once(lambda: hot.set(hot.get() + 1))
        hot.set(-seen)

    with pytest.raises(TransactionTimeoutError, match="nothing was written") as caught:
        stm.atomically(body, timeout_seconds=0.1)
    assert caught.value.committed is False
    assert told == ["aborted"]
    assert stm.atomically(hot.get) > 0


def test_what_a_counter_has_left_is_judged_as_of_the_latest_reads(
    stm: Stm, others: Interference
) -> None:
    budget, closed, seen = stm.counter("budget"), stm.var("closed", bool, default=False), []
    stm.atomically(budget.add, 10)

    def close() -> None:
        their_closed = others.stm.var("closed", bool, default=False)
        their_closed.set(True)
        others.stm.counter("budget").add(-10)

    def body(*, is_disturbed: bool) -> int:
        if not is_disturbed:
            return budget.take(1)  # the next run is going to be told of the counter beforehand
        others.once(close)
        is_closed = closed.get()
        seen.append((is_closed, taken := budget.take(5)))
        return taken

    stm.atomically(partial(body, is_disturbed=False))
    assert stm.atomically(partial(body, is_disturbed=True)) == 0
    assert set(seen) <= {(False, 5), (True, 0)}
    assert stm.atomically(budget.value) == -1
