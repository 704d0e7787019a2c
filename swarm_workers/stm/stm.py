"""A space for threads: where a program begins."""

import inspect
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar, TypeVarTuple

from swarm_workers.stm.codec import VALUE_BYTES_MAX, checked_space
from swarm_workers.stm.engines.memory import MemoryEngine
from swarm_workers.stm.engines.redis import EngineName, RedisEngine
from swarm_workers.stm.engines.seam import Engine, run_to_end
from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.kernel.foresight import Call, call_of
from swarm_workers.stm.kernel.kernel import Commit, Kernel
from swarm_workers.stm.kernel.statistics import Statistics
from swarm_workers.stm.kernel.transaction import CURRENT, current
from swarm_workers.stm.pools.blocking import BlockingPool
from swarm_workers.stm.snapshot import Snapshot, apply_to, take_snapshot
from swarm_workers.stm.variables.factory import Variables
from swarm_workers.stm.waiting import Deadline
from swarm_workers.stm.wires.address import parse_address

T = TypeVar("T")
U = TypeVar("U")
Arguments = TypeVarTuple("Arguments")


class Stm(Variables):
    """Transactions on one space. Safe to share between threads, and to be carried through a fork.

    Guarantee: strict serializability of all transactions on the space, opacity within each, and
    commits that take place exactly once whatever the connection does. Not promised: a commit that
    Redis acknowledged and then lost by a failover is gone, as a whole.
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
    ) -> "Stm":
        """Return the space on a Redis (6.2 or newer) or Valkey. Opens no connection yet.

        Args:
            url: `redis://user:password@host:port/db`, `rediss://…` or `unix://…`.
            space: its name: letters, digits, `_`, `.`, `-`, at most 64.
            engine: `watch` works everywhere; `function` needs Redis 7 or Valkey. Both may be used
                on one space at once.
            value_bytes_max: limit of one encoded value.
            emulated_round_trip_seconds: added to every flight, to try out a network that is not
                there.

        Raises:
            StmUsageError: the URL, the name or the engine cannot be used.
        """
        address = parse_address(url, round_trip_seconds=emulated_round_trip_seconds)
        made = RedisEngine(checked_space(space), BlockingPool(address), engine)
        return cls(made, space, value_bytes_max=value_bytes_max)

    @classmethod
    def in_memory(cls, space: str, *, value_bytes_max: int = VALUE_BYTES_MAX) -> "Stm":
        """Return an empty space in this process, shared by its threads."""
        return cls(MemoryEngine(), space, value_bytes_max=value_bytes_max)

    def atomically(
        self,
        body: Callable[[*Arguments], T],
        *arguments: *Arguments,
        timeout_seconds: float | None = None,
    ) -> T:
        """Run a function as one transaction and return its value. Blocks while it retries.

        The function may run several times, so it does nothing but compute and use variables;
        effects on the world go into `on_commit`. What it raises undoes its writes and goes to the
        caller. Inside another transaction of the same space it becomes a part of that one.

        Args:
            body: a plain function.
            arguments: passed to it.
            timeout_seconds: limit for all runs and waits; None means none. A commit that was sent
                is seen through. Ignored inside another transaction.

        Raises:
            TransactionTimeoutError: the time is over; nothing was written.
            StmUnavailableError: Redis has not answered for 10 s.
            StmServerError: Redis refuses.
            StmUsageError: for example an `async` function.
        """
        call = call_of(checked_body(body), arguments, threading.get_ident())
        return self._run(partial(body, *arguments), call, timeout_seconds)

    def snapshot(
        self, read: Callable[[], T], *, timeout_seconds: float | None = None
    ) -> Snapshot[T]:
        """Return what a function reads at one instant, to think about. One flight once known.

        Args:
            read: a plain function that writes nothing, for example `plan.get`, or
                `lambda: (plan.get(), roster.items())`.
            timeout_seconds: as for `atomically`.
        """
        body = partial(take_snapshot, checked_body(read))
        return self._run(body, call_of(read, ()), timeout_seconds)

    def commit_if(
        self,
        snapshot: Snapshot[T],
        apply: Callable[[T], U],
        *,
        merge: Callable[[T, T], U] | None = None,
        timeout_seconds: float | None = None,
    ) -> U:
        """Run `apply(value)` as a transaction if nothing that the snapshot rests on has changed.

        Args:
            snapshot: from `snapshot`, any time ago.
            apply: gets the value of the snapshot, and writes. May run several times.
            merge: gets the value then and the value now, and writes, if something has changed.
            timeout_seconds: as for `atomically`.

        Raises:
            SnapshotStaleError: something has changed, and there is no `merge`; nothing was written.
        """
        body = partial(apply_to, snapshot, checked_body(apply), merge)
        return self._run(body, call_of(apply, ()), timeout_seconds)

    def statistics(self) -> Statistics:
        """Return what the transactions of this process have cost. No round trip."""
        return self._kernel.local.recorder.read()

    def publish_statistics(self) -> None:
        """Let others see the sums of this process. One flight.

        They are published along with a commit once a second; this is for the end of a process.
        """
        run_to_end(self._kernel.publish())

    def publish_soon(self) -> None:
        """Let the next commit of this process carry its sums. No round trip."""
        self._kernel.publish_soon()

    def published_statistics(self) -> dict[str, Statistics]:
        """Return the sums of all processes that have used the space, by the name of each."""
        return self.atomically(self._published().items)

    def purge(self) -> None:
        """Delete every key of the space. Not a transaction: call it when the swarm is over.

        Blocks; scans all keys of the server in small steps. Who waits for one of them is woken.
        """
        run_to_end(self._space.engine.purge())

    def close(self) -> None:
        """Close the connections of this process. Transactions that still run fail."""
        self._space.engine.close()

    def _run(self, body: Callable[[], T], call: Call, timeout_seconds: float | None) -> T:
        if CURRENT.get() is not None:
            current("atomically()", self._space)
            return body()
        work = self._kernel.atomically(body, call, Deadline(timeout_seconds))
        return run_to_end(work)


def checked_body(body: Callable[..., T]) -> Callable[..., T]:
    """Return the body.

    Raises:
        StmUsageError: it is an `async` function.
    """
    code = getattr(body, "__code__", None)
    is_plain = code is not None and not code.co_flags & inspect.CO_COROUTINE
    if not is_plain and inspect.iscoroutinefunction(body):
        raise StmUsageError(f"the body of a transaction is a plain function; {body!r} is async")
    return body


async def _see_through(commit: Commit) -> tuple[bool, None]:
    return await commit, None
