"""A space and its variables: where a program begins."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, TypeVarTuple

from swarm_workers.stm.backend import Backend
from swarm_workers.stm.codec import VALUE_BYTES_MAX, checked_space
from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.memory_backend import MemoryBackend
from swarm_workers.stm.redis_backend import RedisBackend
from swarm_workers.stm.tcounter import TCounter
from swarm_workers.stm.tmap import TMap
from swarm_workers.stm.tqueue import TQueue
from swarm_workers.stm.transaction import Kernel
from swarm_workers.stm.tset import TSet
from swarm_workers.stm.tstream import TStream
from swarm_workers.stm.tvar import TVar

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class Stm:
    """Transactions on one space. Safe to share between threads, and to be carried through a fork.

    Guarantee: strict serializability of all transactions on the space, opacity within each, and
    commits that take place exactly once whatever the connection does. Not promised: a commit that
    Redis acknowledged and then lost by a failover is gone, as a whole.
    """

    def __init__(
        self, backend: Backend, space: str, *, value_bytes_max: int = VALUE_BYTES_MAX
    ) -> None:
        """Wrap a backend; `connect` and `in_memory` make one.

        Args:
            backend: holds the space.
            space: its name: letters, digits, `_`, `.`, `-`, at most 64.
            value_bytes_max: limit of one encoded value.
        """
        self.space = checked_space(space)
        self._backend = backend
        self._kernel = Kernel(backend, space)
        self._bytes_max = value_bytes_max

    @classmethod
    def connect(cls, url: str, space: str, *, value_bytes_max: int = VALUE_BYTES_MAX) -> "Stm":
        """Return the space on a Redis (6.0.9 or newer) or Valkey. Opens no connection yet.

        Args:
            url: `redis://user:password@host:port/db`, `rediss://…` or `unix://…`.
            space: its name.
            value_bytes_max: limit of one encoded value.

        Raises:
            StmUsageError: the URL or the name cannot be used.
        """
        backend = RedisBackend(url, checked_space(space))
        return cls(backend, space, value_bytes_max=value_bytes_max)

    @classmethod
    def in_memory(cls, space: str, *, value_bytes_max: int = VALUE_BYTES_MAX) -> "Stm":
        """Return an empty space in this process, shared by its threads."""
        return cls(MemoryBackend(), space, value_bytes_max=value_bytes_max)

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
        if inspect.iscoroutinefunction(body):
            raise StmUsageError(f"the body of a transaction is a plain function; {body!r} is async")
        return self._kernel.atomically(partial(body, *arguments), timeout_seconds)

    def var(self, name: str, kind: Any, *, default: T) -> TVar[T]:
        """Return the variable of this name. No round trip.

        Args:
            name: at most 512 printable characters.
            kind: type of the value: anything msgspec decodes, also `X | None`.
            default: the value while none was set.

        Raises:
            StmCodecError: the default is not of the type.
        """
        return TVar(self._kernel, name, kind, default, self._bytes_max)

    def counter(self, name: str) -> TCounter:
        """Return the counter of this name. No round trip."""
        return TCounter(self._kernel, name)

    def set(self, name: str, kind: type[T]) -> TSet[T]:
        """Return the set of this name and type of member. No round trip."""
        return TSet(self._kernel, name, kind, self._bytes_max)

    def map(self, name: str, kind: type[T]) -> TMap[T]:
        """Return the map of this name and type of value. No round trip."""
        return TMap(self._kernel, name, kind, self._bytes_max)

    def queue(self, name: str, kind: type[T]) -> TQueue[T]:
        """Return the queue of this name and type of element. No round trip."""
        return TQueue(self._kernel, name, kind, self._bytes_max)

    def stream(self, name: str) -> TStream:
        """Return the stream of this name. No round trip."""
        return TStream(self._kernel, name)

    def purge(self) -> None:
        """Delete every key of the space. Not a transaction: call it when the swarm is over.

        Blocks; scans all keys of the server in small steps. Transactions that wait are woken.
        """
        self._backend.purge()

    def close(self) -> None:
        """Close the connections of this process. Transactions that still run fail."""
        self._backend.close()
