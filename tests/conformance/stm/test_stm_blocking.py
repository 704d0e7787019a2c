"""A body that retries sleeps until something that it read has changed, and never longer."""

import threading

import pytest

from swarm_workers.stm import Stm, TransactionTimeoutError, check, or_else
from tests.conformance.stm.conftest import in_threads

_STALL_SECONDS_MAX = 20


def test_four_hundred_hand_offs_lose_no_wake_up(stm: Stm) -> None:
    there, back = stm.queue("there", int), stm.queue("back", int)

    def ping() -> None:
        for i in range(200):
            stm.atomically(there.push, i)
            assert stm.atomically(back.pop, timeout_seconds=_STALL_SECONDS_MAX) == i

    def pong() -> None:
        for _ in range(200):
            taken = stm.atomically(there.pop, timeout_seconds=_STALL_SECONDS_MAX)
            stm.atomically(back.push, taken)

    in_threads([ping, pong])


def test_a_change_to_what_either_branch_read_wakes(stm: Stm) -> None:
    left, right = stm.queue("left", str), stm.queue("right", str)
    results: list[str] = []

    def either() -> str:
        return or_else(left.pop, right.pop)

    def waiter() -> None:
        results.extend(stm.atomically(either, timeout_seconds=_STALL_SECONDS_MAX) for _ in "ab")

    thread = threading.Thread(target=waiter)
    thread.start()
    stm.atomically(right.push, "from the right")
    stm.atomically(left.push, "from the left")
    thread.join(_STALL_SECONDS_MAX)
    assert sorted(results) == ["from the left", "from the right"]


def test_one_commit_wakes_all_who_wait(stm: Stm) -> None:
    gate = stm.var("gate", str, default="shut")

    def wait_until_open() -> None:
        stm.atomically(lambda: check(gate.get() == "open"), timeout_seconds=_STALL_SECONDS_MAX)

    in_threads(
        [
            wait_until_open,
            wait_until_open,
            wait_until_open,
            lambda: stm.atomically(gate.set, "open"),
        ]
    )


def test_a_wait_ends_with_its_time_and_says_what_it_waited_for(stm: Stm) -> None:
    jobs = stm.queue("jobs", str)
    with pytest.raises(TransactionTimeoutError, match=r"waits for changed: .*jobs"):
        stm.atomically(jobs.pop, timeout_seconds=0.05)
