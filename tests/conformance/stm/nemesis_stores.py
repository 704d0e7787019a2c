"""What a client of a history runs its transactions on: the library, or raw commands with a bug.

A key is a list, a set and a counter that change together, so each can be looked at in the place of
the others. A key whose name begins with `g` has no list: appending to it reads nothing.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
import redis

from swarm_workers.stm import Stm, StmUnavailableError, TransactionTimeoutError
from tests.support.elle.history import Append, Contains, Count, Members, Operation, Read

ENGINES = ("watch",)
"""Of the library. Every history is run on each."""
BUGS = ("no WATCH", "WATCH after the read")
"""Ways to write the same transactions wrongly with the usual client."""
CORRECT = "WATCH before the read"
"""The right way to do so: what the bugs are compared with."""


class Wish:
    """One step of a transaction, before it is run."""

    __slots__ = ("key", "kind", "value")

    def __init__(self, kind: str, key: str, value: int = 0) -> None:
        """Name the step.

        Args:
            kind: append, read, members, count or contains.
            key: where.
            value: to append, or to ask for.
        """
        self.kind = kind
        self.key = key
        self.value = value


class AbortedError(Exception):
    """The transaction was given up, as it was told to or because its time was over."""


class UnknownError(Exception):
    """The outcome could not be learned."""


class Store(Protocol):
    """Runs transactions."""

    def run(
        self, wishes: Sequence[Wish], *, is_to_abort: bool, timeout_seconds: float | None
    ) -> list[Operation]:
        """Return what was done and seen, in one transaction.

        Raises:
            AbortedError: nothing was written.
            UnknownError: it is open whether it was.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def open_store(name: str, url: str, space: str) -> Store:
    """Return the store of a name.

    Args:
        name: an engine of the library, a bug, or `CORRECT`.
        url: of the server.
        space: holds the keys.
    """
    if name not in ENGINES:
        return RawStore(url, space, name)
    return LibraryStore(connect(url, space, name))


def connect(url: str, space: str, engine: str) -> Stm:
    """Return a space on an engine of the library."""
    choice: dict[str, Any] = {} if engine == "watch" else {"engine": engine}
    return Stm.connect(url, space, **choice)


class LibraryStore:
    """The library, by its public names."""

    def __init__(self, stm: Stm) -> None:
        self._stm = stm
        self._steps: dict[str, dict[str, Callable[[str, int], Operation]]] = {}

    def run(
        self, wishes: Sequence[Wish], *, is_to_abort: bool, timeout_seconds: float | None
    ) -> list[Operation]:
        def body() -> list[Operation]:
            done = [self._do(wish) for wish in wishes]
            if is_to_abort:
                raise AbortedError
            return done

        try:
            return self._stm.atomically(body, timeout_seconds=timeout_seconds)
        except TransactionTimeoutError as error:
            raise AbortedError from error
        except StmUnavailableError as error:
            if error.committed is None:
                raise UnknownError from error
            raise  # the server is never away for so long that this were right

    def close(self) -> None:
        self._stm.close()

    def _do(self, wish: Wish) -> Operation:
        steps = self._steps.get(wish.key)
        if steps is None:
            steps = self._steps[wish.key] = self._make_steps(wish.key)
        return steps[wish.kind](wish.key, wish.value)

    def _make_steps(self, name: str) -> dict[str, Callable[[str, int], Operation]]:
        entries = self._stm.var(name, list[int], default=[])
        members, total = self._stm.set(name, int), self._stm.counter(name)

        def append(key: str, value: int) -> Operation:
            if not is_listless(key):
                entries.set([*entries.get(), value])
            members.add(value)
            total.add(1)
            return Append(key, value)

        return {
            "append": append,
            "read": lambda key, _: Read(key, tuple(entries.get())),
            "members": lambda key, _: Members(key, frozenset(members.members())),
            "count": lambda key, _: Count(key, total.value()),
            "contains": lambda key, value: Contains(key, value, members.contains(value)),
        }


class RawStore:
    """The usual client: WATCH at the right moment, at a wrong one, or not at all.

    What fails is tried again, as the client's own `transaction()` does.
    """

    def __init__(self, url: str, space: str, bug: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._space = space
        self._bug = bug

    def run(
        self, wishes: Sequence[Wish], *, is_to_abort: bool, timeout_seconds: float | None
    ) -> list[Operation]:
        while True:
            with contextlib.suppress(redis.WatchError, redis.ConnectionError, redis.TimeoutError):
                return self._try(wishes, is_to_abort=is_to_abort)

    def close(self) -> None:
        self._client.close()

    def _try(self, wishes: Sequence[Wish], *, is_to_abort: bool) -> list[Operation]:
        keys = sorted({wish.key for wish in wishes})
        names = [f"{self._space}:{letter}:{key}" for key in keys for letter in "vsn"]
        with self._client.pipeline() as pipe:
            if self._bug == CORRECT:
                pipe.watch(*names)
            held = {key: _RawKey(self._client, self._space, key) for key in keys}
            if self._bug == "WATCH after the read":
                pipe.watch(*names)
            done = [held[wish.key].do(wish) for wish in wishes]
            if is_to_abort:
                raise AbortedError
            pipe.multi()
            pipe.ping()  # so that EXEC is sent, and checks, though nothing is written
            for each in held.values():
                each.write(pipe)
            pipe.execute()
        return done


class _RawKey:
    """The state of one key within one transaction."""

    def __init__(self, client: "redis.Redis[Any]", space: str, key: str) -> None:
        self._names = [f"{space}:{letter}:{key}" for letter in "vsn"]
        entries, members, total = self._names
        raw: Any = client.get(entries)
        self._entries: list[int] = msgspec.json.decode(raw) if raw else []
        found: Any = client.smembers(members)
        self._members = {int(each) for each in found}
        self._total = int(client.get(total) or 0)  # type: ignore[arg-type]
        self._is_listless = is_listless(key)
        self._appended: list[int] = []

    def do(self, wish: Wish) -> Operation:
        match wish.kind:
            case "append":
                self._entries.append(wish.value)
                self._members.add(wish.value)
                self._total += 1
                self._appended.append(wish.value)
                return Append(wish.key, wish.value)
            case "read":
                return Read(wish.key, tuple(self._entries))
            case "members":
                return Members(wish.key, frozenset(self._members))
            case "count":
                return Count(wish.key, self._total)
            case _:
                return Contains(wish.key, wish.value, wish.value in self._members)

    def write(self, pipe: "redis.client.Pipeline[Any]") -> None:
        entries, members, total = self._names
        if not self._appended:
            return
        if not self._is_listless:
            pipe.set(entries, msgspec.json.encode(self._entries))
        pipe.sadd(members, *self._appended)
        pipe.incrby(total, len(self._appended))


def is_listless(key: str) -> bool:
    """Say whether a key has no list."""
    return key.startswith("g")
