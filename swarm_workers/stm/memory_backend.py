"""A space in this process: the twin of the Redis backend, for tests and for a single process."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from swarm_workers.stm.codec import stamp
from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.journal import Effect, Query, Reply
from swarm_workers.stm.waiting import Deadline

_WRITER = "in-proc-"


class MemoryBackend:
    """All keys of a space behind one lock."""

    def __init__(self) -> None:
        """Begin empty."""
        self.changed = threading.Condition()
        self.commits = 0
        self.versions: dict[str, int] = {}
        """Number of the commit that last changed each key; missing means never."""
        self.strings: dict[str, bytes] = {}
        self.sets: dict[str, set[bytes]] = {}
        self.lists: dict[str, list[bytes]] = {}
        self.streams: dict[str, list[bytes]] = {}
        self.is_closed = False

    @contextmanager
    def session(self, deadline: Deadline) -> Iterator["MemorySession"]:
        """Lend a session for one transaction."""
        del deadline  # nothing here takes time
        if self.is_closed:
            raise StmUsageError("this Stm is closed; make another with `Stm.in_memory`")
        yield MemorySession(self)

    def listen(self, deadline: Deadline) -> "MemoryListener":
        """Return a listener that hears of every commit from now on."""
        del deadline
        return MemoryListener(self)

    def purge(self) -> None:
        """Delete every key, and wake the waiters."""
        with self.changed:
            for store in (self.strings, self.sets, self.lists, self.streams):
                store.clear()
            self.commits += 1
            self.versions = dict.fromkeys(self.versions, self.commits)
            self.changed.notify_all()

    def close(self) -> None:
        """Refuse further transactions, and wake the waiters, who then fail."""
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()


class MemorySession:
    """One transaction's conversation with the space."""

    def __init__(self, backend: MemoryBackend) -> None:
        """Watch nothing."""
        self._backend = backend
        self._watched: dict[str, int] = {}

    def begin(self) -> None:
        """Forget what was watched."""
        self._watched.clear()

    def read(self, queries: Sequence[Query]) -> list[Reply]:
        """Return the answers, all of one instant."""
        with self._backend.changed:
            for query in queries:
                version = self._backend.versions.get(query.key, 0)
                self._watched.setdefault(query.key, version)
            return [_ANSWERS[query.kind](self._backend, query) for query in queries]

    def commit(self, effects: Sequence[Effect]) -> bool:
        """Apply all effects and wake the waiters if no watched key has changed; say whether."""
        backend = self._backend
        with backend.changed:
            if any(backend.versions.get(key, 0) != seen for key, seen in self._watched.items()):
                return False
            backend.commits += 1
            for effect in effects:
                _EFFECTS[effect.kind](backend, effect)
                backend.versions[effect.key] = backend.commits
            backend.changed.notify_all()
            return True


class MemoryListener:
    """Hears of commits through the lock of the space."""

    def __init__(self, backend: MemoryBackend) -> None:
        """Hear from now on."""
        self._backend = backend
        self._heard = backend.commits

    def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Block until one of the keys has changed; False if the time ran out first."""
        with self._backend.changed:
            is_woken = self._backend.changed.wait_for(lambda: self._has_news(keys), seconds)
            self._heard = self._backend.commits
            if self._backend.is_closed:
                raise StmUsageError("this Stm was closed")
            return is_woken

    def close(self) -> None:
        """Stop hearing; there is nothing to give back."""

    def _has_news(self, keys: frozenset[str]) -> bool:
        versions = self._backend.versions
        return self._backend.is_closed or any(versions.get(key, 0) > self._heard for key in keys)


def _get(backend: MemoryBackend, query: Query) -> Reply:
    return backend.strings.get(query.key)


def _smembers(backend: MemoryBackend, query: Query) -> Reply:
    return frozenset(backend.sets.get(query.key, ()))


def _sismember(backend: MemoryBackend, query: Query) -> Reply:
    return int(query.argument in backend.sets.get(query.key, ()))


def _lindex(backend: MemoryBackend, query: Query) -> Reply:
    elements, index = backend.lists.get(query.key, []), int(query.argument)
    return elements[index] if index < len(elements) else None


def _set(backend: MemoryBackend, effect: Effect) -> None:
    (payload,) = effect.arguments
    assert isinstance(payload, bytes)
    backend.strings[effect.key] = stamp(_WRITER, backend.commits, payload)


def _del(backend: MemoryBackend, effect: Effect) -> None:
    backend.strings.pop(effect.key, None)


def _incrby(backend: MemoryBackend, effect: Effect) -> None:
    (amount,) = effect.arguments
    backend.strings[effect.key] = b"%d" % (int(backend.strings.get(effect.key, 0)) + int(amount))


def _sadd(backend: MemoryBackend, effect: Effect) -> None:
    backend.sets.setdefault(effect.key, set()).update(map(_bytes, effect.arguments))


def _srem(backend: MemoryBackend, effect: Effect) -> None:
    backend.sets.get(effect.key, set()).difference_update(map(_bytes, effect.arguments))


def _ltrim(backend: MemoryBackend, effect: Effect) -> None:
    del backend.lists[effect.key][: int(effect.arguments[0])]


def _rpush(backend: MemoryBackend, effect: Effect) -> None:
    backend.lists.setdefault(effect.key, []).extend(map(_bytes, effect.arguments))


def _xadd(backend: MemoryBackend, effect: Effect) -> None:
    backend.streams.setdefault(effect.key, []).append(_bytes(effect.arguments[-1]))


def _bytes(argument: bytes | int) -> bytes:
    assert isinstance(argument, bytes)
    return argument


_ANSWERS: dict[str, Callable[[MemoryBackend, Query], Reply]] = {
    "GET": _get,
    "SMEMBERS": _smembers,
    "SISMEMBER": _sismember,
    "LINDEX": _lindex,
}
_EFFECTS: dict[str, Callable[[MemoryBackend, Effect], None]] = {
    "SET": _set,
    "DEL": _del,
    "INCRBY": _incrby,
    "SADD": _sadd,
    "SREM": _srem,
    "LTRIM": _ltrim,
    "RPUSH": _rpush,
    "XADD": _xadd,
}
