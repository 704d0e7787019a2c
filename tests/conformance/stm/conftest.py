"""One suite for all engines, threads and coroutines; and others that commit in mid-body."""

import asyncio
import inspect
import itertools
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from typing import Any, cast

import pytest

from swarm_workers.stm import AsyncStm, Stm
from swarm_workers.stm.engines.redis import EngineName
from swarm_workers.stm.engines.seam import Engine

_NUMBERS = itertools.count(1)


@pytest.fixture
def space() -> str:
    return f"stm-test-{os.getpid()}-{next(_NUMBERS)}"


class LoopStm:
    """An AsyncStm in a loop of its own thread, used as if it were an Stm."""

    def __init__(self, made: AsyncStm) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._stm = made

    def __getattr__(self, name: str) -> Any:
        made = getattr(self._stm, name)
        if not inspect.iscoroutinefunction(made):
            return made
        return lambda *args, **kwargs: self.wait_for(made(*args, **kwargs))

    def wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in the loop, from any other thread, to its end."""
        if self._loop.is_closed():
            return asyncio.run(work)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    @property
    def engine(self) -> Engine:
        """What holds the space."""
        return self._stm._space.engine

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._stm.close)
        self._loop.call_soon_threadsafe(self._loop.call_soon, self._loop.stop)
        self._thread.join()
        self._loop.close()


WAYS = ("memory", "async memory", "watch", "function", "async watch", "async function")


def in_memory(way: str, space: str) -> Stm:
    """Return a space in this process, opened in one of two ways."""
    if way == "memory":
        return Stm.in_memory(space)
    return cast("Stm", LoopStm(AsyncStm.in_memory(space)))


def open_space(way: str, url: str, space: str) -> Stm:
    """Return a space on a server, opened in one of the ways."""
    kind, _, engine = way.rpartition(" ")
    if kind == "async":
        made = AsyncStm.connect(url, space, engine=cast("EngineName", engine))
        return cast("Stm", LoopStm(made))
    return Stm.connect(url, space, engine=cast("EngineName", engine))


@pytest.fixture(params=WAYS)
def stm(request: pytest.FixtureRequest, space: str) -> Iterator[Stm]:
    """An empty space in each way in turn."""
    url = "" if "memory" in request.param else request.getfixturevalue("redis_url")
    made = open_space(request.param, url, space) if url else in_memory(request.param, space)
    yield made
    made.close()
    if url:
        _purge(url, space)


@pytest.fixture
def redis_stm(redis_url: str, space: str) -> Iterator[Stm]:
    made = Stm.connect(redis_url, space)
    yield made
    made.close()
    _purge(redis_url, space)


def _purge(url: str, space: str) -> None:
    with closing(Stm.connect(url, space)) as another:  # the test may have closed its own
        another.purge()


class Interference:
    """Commits of others at a chosen point of a body, the first time that the body gets there."""

    def __init__(self, stm: Stm) -> None:
        self.stm = stm
        self.runs = 0

    def once(self, body: Callable[[], object]) -> None:
        self.runs += 1
        if self.runs == 1:
            in_thread(lambda: self.stm.atomically(body))


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
def others(request: pytest.FixtureRequest, stm: Stm, space: str) -> Iterator[Interference]:
    """Others, who never run in the loop whose body they interfere with."""
    if not isinstance(stm, LoopStm):
        yield Interference(stm)
        return
    if request.node.callspec.params["stm"] == "async memory":
        yield Interference(Stm(stm.engine, space))
        return
    beside = Stm.connect(request.getfixturevalue("redis_url"), space)
    yield Interference(beside)
    beside.close()
