"""One suite, both backends; and a way to let others commit in the middle of a body."""

import itertools
import os
import threading
from collections.abc import Callable, Iterator

import pytest

from swarm_workers.stm import Stm

_NUMBERS = itertools.count(1)


@pytest.fixture
def space() -> str:
    return f"stm-test-{os.getpid()}-{next(_NUMBERS)}"


@pytest.fixture(params=["memory", "redis"])
def stm(request: pytest.FixtureRequest, space: str) -> Iterator[Stm]:
    """An empty space on each backend in turn."""
    if request.param == "memory":
        made = Stm.in_memory(space)
    else:
        made = Stm.connect(request.getfixturevalue("redis_url"), space)
    yield made
    made.purge()
    made.close()


@pytest.fixture
def redis_stm(redis_url: str, space: str) -> Iterator[Stm]:
    made = Stm.connect(redis_url, space)
    yield made
    made.purge()
    made.close()


class Interference:
    """Commits of others at a chosen point of a body, the first time that the body gets there."""

    def __init__(self, stm: Stm) -> None:
        self._stm = stm
        self.runs = 0

    def once(self, body: Callable[[], object]) -> None:
        self.runs += 1
        if self.runs == 1:
            in_thread(lambda: self._stm.atomically(body))


def in_thread(action: Callable[[], object]) -> None:
    """Do it in another thread, to the end."""
    thread = threading.Thread(target=action)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def in_threads(actions: list[Callable[[], object]]) -> None:
    """Do all at once, to the end; what one raises is raised here."""
    failures: list[BaseException] = []

    def guarded(action: Callable[[], object]) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(each,)) for each in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


@pytest.fixture
def others(stm: Stm) -> Interference:
    return Interference(stm)
