"""What both engines over Redis do the same: flights, waiting, the gate, and lost replies."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from swarm_workers.stm.engines.commands import command_of, has_refusal, reply_of
from swarm_workers.stm.engines.keys import Keys
from swarm_workers.stm.engines.scripts import SCRIPTS, script
from swarm_workers.stm.engines.turns import Turns
from swarm_workers.stm.errors import RestartSignal, StmServerError, StmUnavailableError
from swarm_workers.stm.pools.slots import Carried, Slot
from swarm_workers.stm.questions import Meter, Query, Reply, RunPlan
from swarm_workers.stm.waiting import Patience
from swarm_workers.stm.wires.ear import Ear
from swarm_workers.stm.wires.packing import Command
from swarm_workers.stm.wires.seam import Wire, WireLostError

CARRIED_SECONDS_MAX = 0.1
"""What came along with a commit is not believed longer than this: others have had time."""
_GATE_POLL_SECONDS = 0.2
_PASSING = ("READONLY", "CLUSTERDOWN", "TRYAGAIN", "LOADING", "MASTERDOWN", "NOREPLICAS")
"""Refusals of a server that starts or fails over: as good as a lost connection."""
MISSING = ("NOSCRIPT", "ERR Function not found")
"""Refusals of a server that has not been taught a program."""


class Pool(Protocol):
    """What lends a session its connection."""

    @property
    def is_closed(self) -> bool:
        """Whether nothing is lent any more."""
        ...

    async def open_wire(self, slot: Slot) -> None:
        """Give the slot a new connection."""
        ...

    def ear(self) -> Ear:
        """Return an ear for a transaction that may wait."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait for a while, or until the pool is closed."""
        ...


class RedisSession:
    """A session over one slot. Subclasses know how to read under protection, and to commit."""

    def __init__(self, keys: Keys, slot: Slot, pool: Pool, patience: Patience) -> None:
        """Nothing is sent.

        Args:
            keys: of the space.
            slot: lent by the pool, for this session alone.
            pool: connects anew when the slot's connection is gone.
            patience: bears failures of this transaction.
        """
        self.meter = Meter()
        self._keys = keys
        self.slot = slot
        self._pool = pool
        self._patience = patience
        self._record = keys.record(slot.writer)
        self._own = frozenset((self._record, keys.gate))
        """Watched along with everything."""
        self._plan = RunPlan()
        self._has_read = False
        self._turns = Turns(keys, slot)
        self._ear: Ear | None = None
        self._contended: tuple[str, ...] = ()

    def begin(self, plan: RunPlan) -> None:
        """Forget what was read; the next flight tells the server."""
        self._plan = plan
        self._has_read = False
        if plan.is_listening:
            self._ear = self._pool.ear()
            if self.slot.wire is not None:
                self.slot.wire.listen(self._ear)

    def take_carried(self, queries: Sequence[Query]) -> dict[Query, Reply] | None:
        """Return answers that came with the previous commit; see `Session.take_carried`."""
        carried, self.slot.carried = self.slot.carried, None
        if carried is None or self.slot.gate or list(carried.answers) != list(queries):
            return None
        if time.monotonic() - carried.at > CARRIED_SECONDS_MAX:
            return None
        self._has_read = True
        return carried.answers

    def take_contended(self) -> tuple[str, ...]:
        """Return keys that others have a token for; see `Session.take_contended`."""
        contended, self._contended = self._contended, ()
        return contended

    def _flags(self, queries: tuple[Query, ...]) -> tuple[str, ...]:
        """Return what tells whether others queue for these; of those with a token it is known."""
        tokens = self._plan.tokens
        return tuple([self._keys.flag(each.key) for each in queries if each.key not in tokens])

    def _without_flags(
        self, queries: tuple[Query, ...], flags: tuple[str, ...], raw: list[Any]
    ) -> list[Any]:
        """Return the answers to the questions alone; note what the flags after them say."""
        if not flags:
            return raw
        strange = [each.key for each in queries if each.key not in self._plan.tokens]
        pairs = zip(strange, raw[len(queries) :], strict=True)
        self._contended = tuple(key for key, flag in pairs if flag is not None)
        return raw[: len(queries)]

    def _asked_along(self, carried: tuple[Query, ...]) -> tuple[Query, ...]:
        """Return what a commit asks for by the way: what the next run reads, and for whose token.

        Who has the answers already commits in one flight, and never sees that all others fail.
        """
        if not carried:
            return ()
        return (*carried, *[Query("GET", self._keys.flag(query.key)) for query in carried])

    def _keep(self, carried: tuple[Query, ...], raw: Sequence[Any]) -> None:
        """Keep what came with a commit, for the next transaction, unless it would be unfair."""
        if not carried:
            return
        flags = zip(carried, raw[len(carried) :], strict=True)
        self._contended = tuple(query.key for query, flag in flags if flag is not None)
        if not self._contended:
            pairs = zip(carried, raw, strict=False)
            found = {query: reply_of(query, each) for query, each in pairs}
            self.slot.carried = Carried(found, time.monotonic())

    async def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Wait for a change of one of the keys; see `Session.wait`."""
        started_at = time.monotonic()
        assert self._ear is not None, "only a run that was listening may wait"
        try:
            return await (await self._wire()).wait(self._ear, keys, seconds)
        except WireLostError as error:
            # What was pushed meanwhile is lost, so the body has to look for itself.
            self.slot.drop_wire()
            await self._pool.pause(self._patience.pause_after(error))
            return True
        finally:
            self.meter.blocked_seconds += time.monotonic() - started_at

    async def release(self) -> None:
        """Give back tokens and gate, if any are held."""
        if not self._turns.are_held:
            return
        opening = self._turns.opening()
        self._turns.has_gate = False
        commands = [command_of(effect) for effect in self._turns.returning()]
        if opening is not None:
            commands.append(opening)
        self._turns.forget()
        if not commands or self.slot.wire is None:
            return
        try:
            await self.slot.wire.flight(commands)
        except WireLostError:
            self.slot.drop_wire()  # both expire by themselves

    async def _heed_gate(self, holder: bytes | None) -> None:
        """Go on if the gate is open or ours; else wait for it, and start again.

        Raises:
            RestartSignal: it was closed.
        """
        self._turns.has_gate = holder == self.slot.writer.encode()
        if holder is None or self._turns.has_gate:
            return
        started_at = time.monotonic()
        ear, gate = self._pool.ear(), self._keys.gate
        question: list[Command] = [("CLIENT", "CACHING", "YES"), ("GET", gate), ("PTTL", gate)]
        try:
            while holder not in (None, self.slot.writer.encode()):
                wire = await self._wire(listener=ear)
                replies = await self._flight(question)
                await self._check(replies)
                holder, left = replies[1], replies[2]
                if holder is not None:
                    seconds = left / 1000 if left > 0 else _GATE_POLL_SECONDS
                    try:
                        await wire.wait(ear, frozenset({gate}), self._patience.at_most(seconds))
                    except WireLostError as error:
                        await self._lose(error)
                    self._patience.check("another transaction is let pass")
        finally:
            self.meter.queue_seconds += time.monotonic() - started_at
        raise RestartSignal

    async def _wire(self, *, listener: Ear | None = None) -> Wire:
        """Return the connection; open one if the run has not begun to read.

        Raises:
            RestartSignal: it was lost, and with it what the run relies on.
        """
        slot = self.slot
        while slot.wire is None or not slot.wire.is_open:
            if self._has_read:
                raise RestartSignal
            self._turns.forget()
            started_at = time.monotonic()
            try:
                await self._pool.open_wire(slot)
            except WireLostError as error:
                with self._outage(started_at):
                    await self._pool.pause(self._patience.pause_after(error))
        heard_by = listener or self._ear
        if heard_by is not None:
            slot.wire.listen(heard_by)
        return slot.wire

    async def _flight(self, commands: list[Command], waiting_seconds: float = 0.0) -> list[Any]:
        """Return the replies.

        Raises:
            RestartSignal: the connection broke.
        """
        return await self._flight_on(await self._wire(), commands, waiting_seconds)

    async def _flight_on(
        self, wire: Wire, commands: list[Command], waiting_seconds: float = 0.0
    ) -> list[Any]:
        started_at = time.monotonic()
        try:
            replies = await wire.flight(commands, waiting_seconds=waiting_seconds)
        except WireLostError as error:
            await self._lose(error, started_at)
        except BaseException:
            self.slot.drop_wire()  # what the server watches for it is not known
            raise
        self._count(time.monotonic() - started_at, is_queue=bool(waiting_seconds))
        self._patience.note_answer()
        return replies

    async def _send_commit(self, commands: Sequence[Command], sequence: int) -> list[Any] | bool:
        """Return the replies to a commit; or its outcome, if they were lost.

        Args:
            commands: of the flight; the connection is there.
            sequence: number of the commit.
        """
        wire, started_at = self.slot.wire, time.monotonic()
        assert wire is not None
        self.slot.is_uncertain = True
        try:
            replies = await wire.flight(commands)
        except WireLostError as error:
            is_committed = await self._resolve(sequence, error, started_at)
            if is_committed:
                self._turns.forget()  # they were handed on with it
            return is_committed
        except BaseException:
            self.slot.drop_wire()
            raise
        self.slot.is_uncertain = False
        self._count(time.monotonic() - started_at)
        return replies

    def _count(self, seconds: float, *, is_queue: bool = False) -> None:
        meter, slot = self.meter, self.slot
        meter.flights += 1
        if is_queue:
            queued = max(0.0, seconds - slot.flight_seconds)
            meter.queue_seconds += queued
            seconds -= queued
        else:
            slot.flight_seconds += (seconds - slot.flight_seconds) / 8
        meter.network_seconds += seconds
        meter.flight_seconds = slot.flight_seconds

    async def _check(self, replies: Sequence[Any]) -> None:
        """Go on if the server refuses nothing. For flights of which a refusal leaves nothing.

        Raises:
            StmServerError: it refuses.
            RestartSignal: it could not serve, or lacked a program that it has now.
        """
        if not has_refusal(replies):
            return
        refusals = [str(reply) for reply in replies if isinstance(reply, Exception)]
        self.slot.forget_watches()
        if any(each.startswith(MISSING) for each in refusals):
            await self._load_programs()
            raise RestartSignal
        if refusals[0].startswith(_PASSING):
            await self._lose(WireLostError(refusals[0]))
        raise StmServerError(refusals[0])

    async def _load_programs(self) -> None:
        """Teach the server what it is asked to run."""
        texts = [script(name).text for name in SCRIPTS]
        replies = await self._flight([("SCRIPT", "LOAD", text) for text in texts])
        for reply in replies:
            if isinstance(reply, Exception):
                raise StmServerError(str(reply))

    async def _lose(self, error: Exception, since: float | None = None) -> NoReturn:
        with self._outage(time.monotonic() if since is None else since):
            self.slot.drop_wire()
            await self._pool.pause(self._patience.pause_after(error))
        raise RestartSignal

    @contextmanager
    def _outage(self, since: float) -> Iterator[None]:
        """Count what passes until the end of the block as waiting for the server, and no work."""
        try:
            yield
        finally:
            self.meter.blocked_seconds += time.monotonic() - since

    async def _resolve(self, sequence: int, error: WireLostError, sent_at: float) -> bool:
        """Find out whether a commit took place; once this returns False, it never will."""
        with self._outage(sent_at):
            while True:
                self.slot.drop_wire()
                await self._pool.pause(self._patience.pause_after(error, committed=None))
                try:
                    await self._pool.open_wire(self.slot)
                    outcome = await self._ask_record(sequence, sent_at)
                except WireLostError as lost:
                    error = lost
                    continue
                except StmServerError as refusal:
                    raise StmUnavailableError(str(refusal), committed=None) from refusal
                if outcome is not None:
                    self.slot.is_uncertain = False
                    self.meter.resolved += 1
                    return outcome

    async def _ask_record(self, sequence: int, sent_at: float) -> bool | None:
        """Return whether that commit took place; None: ask again."""
        raise NotImplementedError
