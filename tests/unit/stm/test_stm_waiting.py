"""How long a failing server is borne with."""

import pytest

from swarm_workers.stm.errors import StmUnavailableError
from swarm_workers.stm.waiting import Deadline, Patience


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_patience_ends_after_ten_seconds_of_failures_and_says_what_is_open() -> None:
    clock = _Clock()
    patience = Patience(lambda: False, Deadline(None), clock)
    patience.pause_after(OSError("refused"))
    clock.now += 9.9
    patience.pause_after(OSError("refused"))
    clock.now += 0.1
    with pytest.raises(StmUnavailableError, match=r"3 times in 10\.0 s\).*unknown") as caught:
        patience.pause_after(OSError("refused"), committed=None)
    assert caught.value.committed is None


def test_failures_far_apart_are_not_one_series() -> None:
    clock = _Clock()
    patience = Patience(lambda: False, Deadline(None), clock)
    for _ in range(5):
        patience.pause_after(OSError("cut"))
        patience.note_answer()
        clock.now += 10.1
    patience.pause_after(OSError("cut"))
    clock.now += 10.1  # as after one long attempt to connect, without any answer
    with pytest.raises(StmUnavailableError, match="2 times"):
        patience.pause_after(OSError("no route"))


def test_an_open_commit_is_cleared_up_though_the_deadline_has_passed() -> None:
    patience = Patience(lambda: False, Deadline(0.0))
    patience.pause_after(OSError("cut"), committed=None)
