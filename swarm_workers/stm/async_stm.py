"""A space for coroutines of one event loop."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar, TypeVarTuple

from swarm_workers.stm.codec import VALUE_BYTES_MAX, checked_space
from swarm_workers.stm.engines.memory import MemoryEngine
from swarm_workers.stm.engines.redis import EngineName, RedisEngine
from swarm_workers.stm.engines.seam import Engine
from swarm_workers.stm.errors import is_without_effect
from swarm_workers.stm.kernel.foresight import Call, call_of
from swarm_workers.stm.kernel.kernel import Commit, Kernel
from swarm_workers.stm.kernel.statistics import Statistics
from swarm_workers.stm.pools.asynchronous import AsyncPool
from swarm_workers.stm.snapshot import Snapshot, apply_to, take_snapshot
from swarm_workers.stm.stm import checked_body
from swarm_workers.stm.variables.factory import Variables
from swarm_workers.stm.waiting import Deadline
from swarm_workers.stm.wires.address import parse_address

T = TypeVar("T")
U = TypeVar("U")
Arguments = TypeVarTuple("Arguments")


class AsyncStm(Variables):
    """Transactions on one space, awaited. Guarantees as those of `Stm`; belongs to one event loop.

    Bodies are plain functions, the same as for `Stm`. They cannot wait in their middle: a body that
    asks for something new runs again from its start when the answer is there. What was asked before
    by the same code is there when it starts, so this is the exception.

    Cancellation: before the commit is sent, nothing happens; after that its outcome is awaited
    first, and the callbacks are those of that outcome.
    """

    def __init__(
        self, engine: Engine, space: str, *, value_bytes_max: int = VALUE_BYTES_MAX
    ) -> None:
        """Wrap an engine; `connect` and `in_memory` make one."""
        super().__init__(engine, space, value_bytes_max=value_bytes_max)
        self._kernel = Kernel(self._space, _see_through)

    @classmethod
    def connect(
        cls,
        url: str,
        space: str,
        *,
        engine: EngineName = "watch",
        value_bytes_max: int = VALUE_BYTES_MAX,
        emulated_round_trip_seconds: float = 0.0,
    ) -> "AsyncStm":
        """Return the space on a server. Opens no connection yet; see `Stm.connect`.

        With `function` all coroutines share one connection, thousands of them if need be; with
        `watch` each running transaction has its own.
        """
        address = parse_address(url, round_trip_seconds=emulated_round_trip_seconds)
        pool = AsyncPool(address, is_shared=engine == "function")
        made = RedisEngine(checked_space(space), pool, engine)
        return cls(made, space, value_bytes_max=value_bytes_max)

    @classmethod
    def in_memory(cls, space: str, *, value_bytes_max: int = VALUE_BYTES_MAX) -> "AsyncStm":
        """Return an empty space in this process, shared by the coroutines of a loop."""
        return cls(MemoryEngine(is_async=True), space, value_bytes_max=value_bytes_max)

    async def atomically(
        self,
        body: Callable[[*Arguments], T],
        *arguments: *Arguments,
        timeout_seconds: float | None = None,
    ) -> T:
        """Run a function as one transaction and return its value; see `Stm.atomically`."""
        call = call_of(checked_body(body), arguments, id(asyncio.current_task()))
        return await self._run(partial(body, *arguments), call, timeout_seconds)

    async def snapshot(
        self, read: Callable[[], T], *, timeout_seconds: float | None = None
    ) -> Snapshot[T]:
        """Return what a function reads at one instant; see `Stm.snapshot`."""
        body = partial(take_snapshot, checked_body(read))
        return await self._run(body, call_of(read, ()), timeout_seconds)

    async def commit_if(
        self,
        snapshot: Snapshot[T],
        apply: Callable[[T], U],
        *,
        merge: Callable[[T, T], U] | None = None,
        timeout_seconds: float | None = None,
    ) -> U:
        """Run `apply(value)` as a transaction if the snapshot still holds; see `Stm.commit_if`."""
        body = partial(apply_to, snapshot, checked_body(apply), merge)
        return await self._run(body, call_of(apply, ()), timeout_seconds)

    def statistics(self) -> Statistics:
        """Return what the transactions of this process have cost. No round trip."""
        return self._kernel.local.recorder.read()

    async def publish_statistics(self) -> None:
        """Let others see the sums of this process; see `Stm.publish_statistics`."""
        await self._kernel.publish()

    async def published_statistics(self) -> dict[str, Statistics]:
        """Return the sums of all processes that have used the space, by the name of each."""
        return await self.atomically(self._published().items)

    async def purge(self) -> None:
        """Delete every key of the space; see `Stm.purge`."""
        await self._space.engine.purge()

    def close(self) -> None:
        """Close the connections. Transactions that still run fail."""
        self._space.engine.close()

    async def _run(self, body: Callable[[], T], call: Call, timeout_seconds: float | None) -> T:
        return await self._kernel.atomically(body, call, Deadline(timeout_seconds))


async def _see_through(commit: Commit) -> tuple[bool, BaseException | None]:
    """Await a commit to its end, however often this coroutine is cancelled meanwhile."""
    task, cancellation = asyncio.ensure_future(commit), None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancelled:
            if task.cancelled():
                raise
            cancellation = cancelled
        except BaseException:  # noqa: BLE001 - raised by `result` below, or told to be over
            break
    error = None if cancellation is None else task.exception()
    if error is not None and is_without_effect(error):
        return False, cancellation  # whatever came of it, the cancellation comes first
    return task.result(), cancellation
