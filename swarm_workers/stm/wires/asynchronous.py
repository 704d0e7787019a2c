"""A connection for coroutines of one event loop; any number may have flights under way on it."""

import asyncio
import math
import weakref
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
from typing_extensions import override

from swarm_workers.stm.wires.address import Address
from swarm_workers.stm.wires.blocking import check_greeting
from swarm_workers.stm.wires.ear import Ear, invalidated
from swarm_workers.stm.wires.packing import Command, pack_all
from swarm_workers.stm.wires.seam import WireLostError

_NOTHING = object()


class AsyncEar(Ear):
    """An ear that a coroutine can wait on."""

    def __init__(self) -> None:
        """Hear from now on, in the loop that runs."""
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    @override
    def hear(self, keys: Any) -> None:
        """Take note of changed keys, and wake who waits. From any thread."""
        super().hear(keys)
        self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Wait until one of the keys may have changed; False if the time ran out first."""
        try:
            async with asyncio.timeout(seconds):
                while not self.concerns(keys):
                    await self._rung.wait()
                    self._rung.clear()
        except TimeoutError:
            return False
        return True


class _Flight:
    """Replies that are still to come."""

    __slots__ = ("count", "done", "due_at", "replies")

    def __init__(self, count: int, done: asyncio.Future[list[Any]], due_at: float) -> None:
        self.count = count
        self.done = done
        self.due_at = due_at
        self.replies: list[Any] = []


class AsyncWire(asyncio.Protocol):
    """A socket in an event loop.

    Invariant: replies come in the order of the flights. A coroutine that is cancelled leaves its
    flight behind; the replies are taken off all the same, so no other gets them.
    """

    def __init__(self, address: Address) -> None:
        """Connect to nothing yet: see `open`."""
        self._address = address
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._flights: deque[_Flight] = deque()
        self._ears: weakref.WeakSet[Ear] = weakref.WeakSet()
        self._transport: asyncio.Transport | None = None
        self._packed: list[bytes] = []
        self._watchdog: asyncio.TimerHandle | None = None
        """One for all flights: a timer for each would cost more than the flight."""
        self.is_open = False

    @classmethod
    async def open(cls, address: Address) -> "AsyncWire":
        """Return a connection that was let in.

        Raises:
            WireLostError: no connection can be had now.
            StmServerError: the server refuses the password, the user or the database.
        """
        wire = cls(address)
        try:
            async with asyncio.timeout(address.connect_seconds):
                await wire._connect()
                wire.is_open = True
                replies = await wire.flight(address.greeting())
        except TimeoutError as error:
            wire.close()
            raise WireLostError("it did not answer in time") from error
        except OSError as error:
            raise WireLostError(str(error)) from error
        except BaseException:
            wire.close()  # cancelled before anybody could hold it, and so close it
            raise
        check_greeting(replies, wire.close)
        return wire

    async def flight(
        self, commands: Sequence[Command], *, waiting_seconds: float = 0.0
    ) -> list[Any]:
        """Send all commands, then return all replies; see `Wire.flight`."""
        if not self.is_open:
            raise WireLostError("the connection was lost")
        loop = asyncio.get_running_loop()
        seconds = waiting_seconds + (self._address.answer_seconds or math.inf)
        flight = _Flight(len(commands), loop.create_future(), loop.time() + seconds)
        self._flights.append(flight)
        if self._watchdog is None and seconds < math.inf:
            self._watchdog = loop.call_later(seconds, self._look_after)
        if not self._packed:
            # What other coroutines send in this turn of the loop goes in the same packet.
            loop.call_soon(self._send)
        self._packed.append(pack_all(commands))
        replies = await flight.done
        if self._address.round_trip_seconds:
            await asyncio.sleep(self._address.round_trip_seconds)
        return replies

    def listen(self, ear: Ear) -> None:
        """Let an ear hear too, as long as it exists."""
        self._ears.add(ear)

    async def wait(self, ear: Ear, keys: frozenset[str], seconds: float | None) -> bool:
        """Wait until the ear has heard of one of the keys; see `Wire.wait`."""
        assert isinstance(ear, AsyncEar)
        if not self.is_open:
            raise WireLostError("the connection was lost")
        is_woken = await ear.wait(keys, seconds)
        if not self.is_open:
            raise WireLostError("the connection was lost")
        if self._address.round_trip_seconds:
            await asyncio.sleep(self._address.round_trip_seconds / 2)
        return is_woken

    def close(self) -> None:
        """Close it. May be called twice."""
        self.is_open = False
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if self._transport is not None:
            self._transport.abort()

    @override
    def data_received(self, data: bytes) -> None:
        """Hand out what came in. Called by the loop."""
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _NOTHING:
                if type(reply) is hiredis.PushNotification:
                    self._hear(reply)
                else:
                    self._hand_out(reply)
        except (hiredis.ProtocolError, IndexError) as error:
            self._fail(error)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        """Tell all who wait. Called by the loop."""
        self._fail(error or EOFError("the server closed the connection"))

    async def _connect(self) -> None:
        address, loop = self._address, asyncio.get_running_loop()
        if address.path is not None:
            transport, _ = await loop.create_unix_connection(lambda: self, address.path)
        else:
            transport, _ = await loop.create_connection(
                lambda: self, address.host, address.port, ssl=address.tls
            )
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def _send(self) -> None:
        packed, self._packed = self._packed, []
        if self._transport is not None and self.is_open:
            self._transport.write(b"".join(packed))

    def _look_after(self) -> None:
        """Break the connection if an answer is overdue; else look again when one may be."""
        self._watchdog = None
        if not self._flights:
            return
        loop = asyncio.get_running_loop()
        due_at = self._flights[0].due_at
        if due_at <= loop.time():
            self._fail(TimeoutError("it did not answer in time"))
        else:
            self._watchdog = loop.call_at(due_at, self._look_after)

    def _hand_out(self, reply: Any) -> None:
        flight = self._flights[0]
        flight.replies.append(reply)
        if len(flight.replies) == flight.count:
            self._flights.popleft()
            if not flight.done.done():
                flight.done.set_result(flight.replies)

    def _hear(self, push: list[object]) -> None:
        keys = invalidated(push)
        for ear in list(self._ears):
            ear.hear(keys)

    def _fail(self, error: Exception) -> None:
        self.close()
        flights, self._flights = self._flights, deque()
        for flight in flights:
            if not flight.done.done():
                flight.done.set_exception(WireLostError(str(error)))
        for ear in list(self._ears):
            ear.hear(None)
