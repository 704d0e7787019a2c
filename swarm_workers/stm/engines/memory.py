"""A space in this process: the twin of the Redis engines, for tests and for a single process."""

import threading
import time
import weakref
from collections.abc import Callable, Iterable, Sequence

from typing_extensions import override

from swarm_workers.stm.codec import stamp
from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.questions import Effect, Meter, Proposal, Query, Reply, RunPlan
from swarm_workers.stm.waiting import Deadline
from swarm_workers.stm.wires.asynchronous import AsyncEar
from swarm_workers.stm.wires.ear import Ear

_WRITER = "in-proc-"


class BlockingEar(Ear):
    """An ear that a thread can wait on."""

    def __init__(self) -> None:
        """Hear from now on."""
        super().__init__()
        self._changed = threading.Condition()

    @override
    def hear(self, keys: Iterable[str] | None) -> None:
        """Take note of changed keys, and wake who waits. From any thread."""
        with self._changed:
            super().hear(keys)
            self._changed.notify_all()

    async def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Block until one of the keys may have changed; False if the time ran out first."""
        with self._changed:
            return self._changed.wait_for(lambda: self.concerns(keys), seconds)


class MemoryEngine:
    """All keys of a space behind one lock."""

    def __init__(self, *, is_async: bool = False) -> None:
        """Begin empty.

        Args:
            is_async: whether coroutines use it, which must not block; else threads do.
        """
        self.place: object = id(self)
        self.reads_at_once = not is_async
        self.lock = threading.Lock()
        self.gate = threading.Lock()
        """Held by a long transaction that others have made start over too often."""
        self.commits = 0
        self.strings: dict[str, bytes] = {}
        self.sets: dict[str, set[bytes]] = {}
        self.lists: dict[str, list[bytes]] = {}
        self.streams: dict[str, list[bytes]] = {}
        self.ears: weakref.WeakSet[Ear] = weakref.WeakSet()
        self.is_closed = False

    def open(self, deadline: Deadline, caller: object = None) -> "MemorySession":
        """Lend a session for one transaction.

        Raises:
            StmUsageError: it was closed.
        """
        del deadline, caller  # nothing here takes time, and all is at hand
        if self.is_closed:
            raise StmUsageError("this Stm is closed; make another with `Stm.in_memory`")
        return MemorySession(self)

    def close_session(self, session: "MemorySession") -> None:
        """Do nothing: there is nothing to keep."""

    def ear(self) -> "BlockingEar | AsyncEar":
        """Return an ear that hears of every commit from now on."""
        ear = BlockingEar() if self.reads_at_once else AsyncEar()
        with self.lock:
            self.ears.add(ear)
        return ear

    async def purge(self) -> None:
        """Delete every key, and wake the waiters."""
        with self.lock:
            for store in (self.strings, self.sets, self.lists, self.streams):
                store.clear()
            self.tell(None)

    def close(self) -> None:
        """Refuse further transactions, and wake the waiters, who then fail."""
        with self.lock:
            self.is_closed = True
            self.tell(None)

    def tell(self, keys: Iterable[str] | None) -> None:
        """Let all ears hear; None means that anything may have changed."""
        for ear in list(self.ears):
            ear.hear(keys)


class MemorySession:
    """One transaction's conversation with the space."""

    def __init__(self, engine: MemoryEngine) -> None:
        """Read nothing."""
        self.meter = Meter()
        self._engine = engine
        self._ear: BlockingEar | AsyncEar | None = None
        self._has_gate = False

    def begin(self, plan: RunPlan) -> None:
        """Start a new run, behind the gate if it is a long one that has failed too often."""
        if plan.is_listening:
            self._ear = self._engine.ear()
        # Not for coroutines: who waits for a lock would keep its holder from ever letting go.
        if plan.gate_seconds and not self._has_gate and self._engine.reads_at_once:
            self._has_gate = self._pass_gate(plan.gate_seconds)

    def take_carried(self, queries: Sequence[Query]) -> dict[Query, Reply] | None:
        """Return None: reading costs nothing here."""
        del queries
        return None

    def take_contended(self) -> tuple[str, ...]:
        """Return nothing: there are no tokens here."""
        return ()

    async def read(self, queries: tuple[Query, ...]) -> list[Reply]:
        """Return the answers, all of one instant."""
        self.meter.flights += 1
        with self._engine.lock:
            return [_ANSWERS[query.kind](self._engine, query) for query in queries]

    async def commit(self, proposal: Proposal) -> bool:
        """Apply all effects and wake the waiters, if all answers are the same; say whether."""
        self.meter.flights += 1
        if self._has_gate or not self._engine.gate.locked():
            return self._commit(proposal)
        has_passed = self._pass_gate(_GATE_SECONDS_MAX)
        try:
            return self._commit(proposal)
        finally:
            if has_passed:
                self._engine.gate.release()

    async def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Wait until one of the keys has changed; False if the time ran out first."""
        assert self._ear is not None, "only a run that was listening may wait"
        started_at = time.monotonic()
        is_woken = await self._ear.wait(keys, seconds)
        self.meter.blocked_seconds += time.monotonic() - started_at
        if self._engine.is_closed:
            raise StmUsageError("this Stm was closed")
        return is_woken

    async def release(self) -> None:
        """Open the gate, if this session has closed it."""
        if self._has_gate:
            self._has_gate = False
            self._engine.gate.release()

    def _pass_gate(self, seconds: float) -> bool:
        # Advisory, as on Redis: who has waited long enough goes on without.
        started_at = time.monotonic()
        has_gate = self._engine.gate.acquire(timeout=seconds)
        self.meter.queue_seconds += time.monotonic() - started_at
        return has_gate

    def _commit(self, proposal: Proposal) -> bool:
        engine = self._engine
        with engine.lock:
            if any(_ANSWERS[q.kind](engine, q) != seen for q, seen in proposal.observed.items()):
                return False
            engine.commits += 1
            for effect in proposal.effects:
                _EFFECTS[effect.kind](engine, effect)
            engine.tell([effect.key for effect in proposal.effects])
            return True


_GATE_SECONDS_MAX = 0.2


def _get(engine: MemoryEngine, query: Query) -> Reply:
    return engine.strings.get(query.key)


def _smembers(engine: MemoryEngine, query: Query) -> Reply:
    return frozenset(engine.sets.get(query.key, ()))


def _sismember(engine: MemoryEngine, query: Query) -> Reply:
    return int(query.argument in engine.sets.get(query.key, ()))


def _lindex(engine: MemoryEngine, query: Query) -> Reply:
    elements, index = engine.lists.get(query.key, []), int(query.argument)
    return elements[index] if index < len(elements) else None


def _atleast(engine: MemoryEngine, query: Query) -> Reply:
    return int(int(engine.strings.get(query.key, 0)) >= int(query.argument))


def _set(engine: MemoryEngine, effect: Effect) -> None:
    (payload,) = effect.arguments
    assert isinstance(payload, bytes)
    engine.strings[effect.key] = stamp(_WRITER, engine.commits, payload)


def _del(engine: MemoryEngine, effect: Effect) -> None:
    engine.strings.pop(effect.key, None)


def _incrby(engine: MemoryEngine, effect: Effect) -> None:
    (amount,) = effect.arguments
    engine.strings[effect.key] = b"%d" % (int(engine.strings.get(effect.key, 0)) + int(amount))


def _sadd(engine: MemoryEngine, effect: Effect) -> None:
    engine.sets.setdefault(effect.key, set()).update(map(_bytes, effect.arguments))


def _srem(engine: MemoryEngine, effect: Effect) -> None:
    engine.sets.get(effect.key, set()).difference_update(map(_bytes, effect.arguments))


def _ltrim(engine: MemoryEngine, effect: Effect) -> None:
    del engine.lists.get(effect.key, [])[: int(effect.arguments[0])]


def _rpush(engine: MemoryEngine, effect: Effect) -> None:
    engine.lists.setdefault(effect.key, []).extend(map(_bytes, effect.arguments))


def _xadd(engine: MemoryEngine, effect: Effect) -> None:
    engine.streams.setdefault(effect.key, []).append(_bytes(effect.arguments[-1]))


def _bytes(argument: bytes | int) -> bytes:
    assert isinstance(argument, bytes)
    return argument


_ANSWERS: dict[str, Callable[[MemoryEngine, Query], Reply]] = {
    "GET": _get,
    "SMEMBERS": _smembers,
    "SISMEMBER": _sismember,
    "LINDEX": _lindex,
    "ATLEAST": _atleast,
    "PEEK": _get,
}
_EFFECTS: dict[str, Callable[[MemoryEngine, Effect], None]] = {
    "SET": _set,
    "DEL": _del,
    "INCRBY": _incrby,
    "SADD": _sadd,
    "SREM": _srem,
    "LTRIM": _ltrim,
    "RPUSH": _rpush,
    "XADD": _xadd,
}
