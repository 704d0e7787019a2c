"""Two processes that wait for each other, thousands of times."""

import time

import pytest

from swarm_workers.stm import Stm
from tests.support.stm_socket.crowd import Process, hand_over

_STALL_SECONDS_MAX = 1.0
_HAND_OFFS = [400, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(600)])]


@pytest.mark.parametrize("limit", _HAND_OFFS)
def test_turns_go_back_and_forth_through_retry_without_a_stall(
    redis_stm: Stm, redis_url: str, limit: int
) -> None:
    other = Process("hand-over", redis_url, redis_stm.space, limit)
    assert other.line() == "ready"
    count, turn, longest = redis_stm.var("turn", int, default=0), 0, 0.0
    while turn < limit - 2:
        before = time.monotonic()
        turn = redis_stm.atomically(
            lambda: hand_over(count, mine=0, limit=limit), timeout_seconds=20
        )
        longest = max(longest, time.monotonic() - before)
    theirs = float(other.wait())
    assert redis_stm.atomically(count.get) == limit
    assert max(longest, theirs) < _STALL_SECONDS_MAX, (longest, theirs)
