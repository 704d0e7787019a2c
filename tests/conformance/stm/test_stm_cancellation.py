"""A coroutine that is cancelled anywhere has committed or has not, knows which, and breaks nothing.

The work is cancelled at its first suspension, then at its second, and so on until it is through.
"""

import asyncio
import gc
import types
from collections.abc import Callable, Collection, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis

from swarm_workers.stm import AsyncStm, Stm, check, on_abort, on_commit

_SUSPENSIONS_MAX = 60
_STALL_SECONDS_MAX = 10
_CONFLICTS = 4


@types.coroutine
def _cancelled_at(
    work: Coroutine[Any, Any, Any], places: Collection[int], suspensions: list[int]
) -> Generator[Any, Any, Any]:
    """Await the work, and cancel its task at these suspensions, the first of which is 1."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    error: BaseException | None = None
    while True:
        try:
            waits_for = work.send(None) if error is None else work.throw(error)
        except StopIteration as stop:
            return stop.value
        suspensions.append(len(suspensions) + 1)
        if len(suspensions) in places:
            loop.call_soon(task.cancel)
        error = None
        try:
            yield waits_for
        except BaseException as thrown:  # noqa: BLE001 - handed to the work
            error = thrown


@dataclass
class Scene:
    """One client, beside another that is past all this."""

    stm: Any
    director: Stm
    client: redis.Redis
    runs: int = 0
    told: list[str] = field(default_factory=list)

    def body(self) -> None:
        """Add one to two variables that are equal, and be told what became of it."""
        self.runs += 1
        on_commit(lambda: self.told.append("committed"))
        on_abort(lambda: self.told.append("aborted"))
        left, right = (self.stm.var(name, int, default=0) for name in ("left", "right"))
        seen = left.get()
        assert right.get() == seen, "an answer to another question, or a torn state"
        left.set(seen + 1)
        right.set(seen + 1)

    def state(self) -> tuple[int, int]:
        """Return what both variables are."""
        left, right = (self.director.var(name, int, default=0) for name in ("left", "right"))
        return self.director.atomically(lambda: (left.get(), right.get()))


async def _cold(scene: Scene) -> None:
    await scene.stm.atomically(scene.body)


async def _beside_conflicts(scene: Scene) -> None:
    """Lose several times, as others change a variable that is read, and come to tokens and gate."""
    hot = scene.stm.var("hot", int, default=0)
    key = f"{{{scene.director.space}}}:v:hot"

    def body() -> None:
        seen = hot.get()
        if scene.runs < _CONFLICTS:
            # Past the library, whose gate would keep a peer waiting for this very body.
            scene.client.set(key, f"somebody:{scene.runs:012};{seen + 1}")
        hot.set(seen + 1)
        scene.body()

    await scene.stm.atomically(body)


async def _after_waiting(scene: Scene) -> None:
    """Sleep in `retry` until another client opens a door."""
    door, theirs = (stm.var("door", int, default=0) for stm in (scene.stm, scene.director))
    scene.director.atomically(theirs.set, 0)
    has_looked = asyncio.Event()

    def body() -> None:
        is_open = door.get()
        has_looked.set()
        check(is_open)
        scene.body()

    async def open_it() -> None:
        await has_looked.wait()
        scene.director.atomically(theirs.set, 1)

    async with asyncio.TaskGroup() as group:
        group.create_task(open_it())
        await scene.stm.atomically(body)


@pytest.mark.parametrize(
    ("rehearsals", "is_stubborn"),
    [
        pytest.param(0, False, id="new, once"),
        pytest.param(4, True, id="rehearsed, twice"),
        pytest.param(0, True, id="new, twice", marks=pytest.mark.soak),
        pytest.param(4, False, id="rehearsed, once", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize(
    ("engine", "work"),
    [
        ("watch", _cold),
        ("watch", _beside_conflicts),
        ("watch", _after_waiting),
        ("function", _cold),
        pytest.param("function", _beside_conflicts, marks=pytest.mark.soak),
        ("function", _after_waiting),
    ],
)
def test_work_cancelled_at_any_suspension_is_done_once_or_not_and_tells_which(
    redis_url: str,
    redis_stm: Stm,
    engine: str,
    work: Callable[[Scene], Coroutine[Any, Any, None]],
    rehearsals: int,
    is_stubborn: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    seen: set[str] = set()
    for place in range(1, _SUSPENSIONS_MAX):
        places = {place, place + 1} if is_stubborn else {place}
        ending = asyncio.run(_attempt(redis_url, redis_stm, engine, work, rehearsals, places))
        seen.add(ending)
        if ending == "never cancelled":
            break
    gc.collect()  # or what was left open would be blamed on a later test
    assert "never cancelled" in seen, "it never came to the end"
    assert len(seen) > 1, "it was never cancelled"


async def _attempt(
    url: str,
    director: Stm,
    engine: str,
    work: Callable[[Scene], Coroutine[Any, Any, None]],
    rehearsals: int,
    places: Collection[int],
) -> str:
    """Cancel the work there, look at what is left, and return what became of it."""
    stm = AsyncStm.connect(url, director.space, engine=engine)
    client = redis.Redis.from_url(url)
    async with asyncio.timeout(_STALL_SECONDS_MAX):
        for _ in range(rehearsals):
            await stm.atomically(Scene(stm, director, client).body)
        scene, suspensions = Scene(stm, director, client), list[int]()
        before = scene.state()
        task = asyncio.create_task(_run(_cancelled_at(work(scene), places, suspensions)))
        bystander = asyncio.create_task(stm.atomically(stm.counter("bystander").value))
        await asyncio.wait([task, bystander])
        after = scene.state()
        assert after == (before[0] + scene.told.count("committed"),) * 2
        # Where the latest run had not begun, there was nobody to tell.
        assert scene.told in ([], ["aborted"], ["committed"])
        assert bystander.result() == 0
        assert task.cancelled() or task.exception() is None
        ending = list(scene.told)
        await stm.atomically(scene.body)
        assert scene.state() == (after[0] + 1,) * 2
    client.close()
    stm.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "it left something behind"
    return "never cancelled" if not task.cancelled() else " ".join(ending)


async def _run(work: Any) -> None:
    await work
