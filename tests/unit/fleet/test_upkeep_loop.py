"""A duty goes on whatever it raises, and ends when it is told to."""

import logging
from queue import Queue
from threading import Event

import pytest

from swarm_workers.errors import ServiceUnreachableError
from swarm_workers.upkeep.loop import Loop

WAIT_SECONDS_MAX = 5


def test_a_step_that_fails_is_tried_again_and_the_log_tells_of_it_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps: Queue[int] = Queue()
    count = 0

    def step() -> float:
        nonlocal count
        count += 1
        steps.put(count)
        if count <= 3:
            raise ServiceUnreachableError("Redis", "box", "refused")
        return 60

    caplog.set_level(logging.INFO)
    loop = Loop("duty", step)
    loop.start()
    assert [steps.get(timeout=WAIT_SECONDS_MAX) for _ in range(4)] == [1, 2, 3, 4]
    loop.stop(WAIT_SECONDS_MAX)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "duty waits",
        "duty works again after 3 failures",
    ]


def test_an_error_that_nobody_expected_is_logged_with_its_trace_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps: Queue[None] = Queue()

    def step() -> float:
        steps.put(None)
        raise ZeroDivisionError

    loop = Loop("duty", step)
    loop.start()
    for _ in range(2):
        steps.get(timeout=WAIT_SECONDS_MAX)
    loop.stop(WAIT_SECONDS_MAX)
    assert caplog.records[0].exc_info is not None


def test_a_loop_that_is_stopped_finishes_in_its_own_thread_and_at_once() -> None:
    began, finished = Event(), Event()

    def step() -> float:
        began.set()
        return 3600

    loop = Loop("duty", step, finished.set)
    loop.start()
    assert began.wait(WAIT_SECONDS_MAX)
    loop.stop(WAIT_SECONDS_MAX)
    assert finished.is_set()


def test_stopping_a_step_that_hangs_takes_no_longer_than_was_allowed() -> None:
    release = Event()
    loop = Loop("duty", lambda: float(release.wait(WAIT_SECONDS_MAX)))
    loop.start()
    loop.stop(0.01)
    assert not release.is_set()
    release.set()
    loop.stop(WAIT_SECONDS_MAX)
