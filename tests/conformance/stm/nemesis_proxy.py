"""A TCP proxy that does to a commit on its way what networks and power failures do.

It knows of the protocol only what a commit looks like (EXEC, or FCALL) and how to count replies.
"""

import asyncio
import re
import threading
from collections import Counter, deque
from collections.abc import Callable
from enum import StrEnum

import hiredis

_COMMIT = re.compile(rb"\r\n(EXEC|FCALL)\r\n", re.IGNORECASE)
_START_SECONDS_MAX = 10


class Fault(StrEnum):
    """What befalls one commit, or the client that sent it."""

    LOSE_REPLY = "the server commits, and the reply is lost"
    HALF_REPLY = "the server commits, and the reply breaks off"
    LOSE_REQUEST = "the commit never arrives"
    HALF_REQUEST = "the commit breaks off on its way"
    HOLD = "the connection breaks, and the commit arrives later"
    KILL_AFTER = "the client is killed when the server has committed"
    KILL_BEFORE = "the client is killed when the commit is on its way"


_AFTER_REPLY = {Fault.LOSE_REPLY, Fault.HALF_REPLY, Fault.KILL_AFTER, Fault.HOLD}


class NemesisProxy:
    """Forwards to a server. Each armed fault befalls the next commit that comes by, in order."""

    def __init__(self, port: int, kill: Callable[[str], None] = lambda client: None) -> None:
        """Start to forward, in a thread of its own.

        Args:
            port: of the server, on this machine.
            kill: ends a client, given by name, and returns when it has ended.
        """
        self.server_port = port
        self.kill = kill
        self.held_commits = 8
        """How many commits overtake one that is held back."""
        self.faults: deque[Fault] = deque()
        self.met: Counter[Fault] = Counter()
        self.lost_replies: list[list[object]] = []
        """What the server answered to commits whose reply was lost."""
        self.late_replies: list[list[object]] = []
        """What the server answered to commits that arrived late."""
        self.held: list[_Link] = []
        self._listeners: list[asyncio.Server] = []
        self._links: set[_Link] = set()
        self._commits = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def open_port(self, client: str) -> int:
        """Return a port on this machine that is for one client alone."""
        return asyncio.run_coroutine_threadsafe(self._listen(client), self._loop).result(
            _START_SECONDS_MAX
        )

    def release(self) -> None:
        """Deliver what is held, and return when every late commit is answered. Blocks."""
        asyncio.run_coroutine_threadsafe(self._release(), self._loop).result(_START_SECONDS_MAX)

    def close(self) -> None:
        """Deliver what is held, and break every connection. May be called twice."""
        if self._loop.is_closed():
            return
        self.release()
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_START_SECONDS_MAX)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS_MAX)
        self._loop.close()

    def note_commit(self) -> None:
        """Count a commit that comes by; what is held follows after some."""
        self._commits += 1
        for link in [each for each in self.held if each.held_until <= self._commits]:
            link.deliver()

    def hold(self, link: "_Link") -> None:
        """Keep a commit back for a while."""
        link.held_until = self._commits + self.held_commits
        self.held.append(link)

    def forget(self, link: "_Link") -> None:
        """A connection is gone."""
        self._links.discard(link)

    async def _listen(self, client: str) -> int:
        def make() -> asyncio.Protocol:
            link = _Link(self, client)
            self._links.add(link)
            return link.client

        listener = await self._loop.create_server(make, "127.0.0.1", 0)
        self._listeners.append(listener)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    async def _release(self) -> None:
        for link in list(self.held):
            link.deliver()
        for link in [each for each in self._links if each.is_late]:
            await asyncio.wait_for(link.is_over.wait(), _START_SECONDS_MAX)

    async def _close(self) -> None:
        for listener in self._listeners:
            listener.close()
        for link in list(self._links):
            link.cut()
        for link in list(self._links):
            await asyncio.wait_for(link.is_over.wait(), _START_SECONDS_MAX)


class _End(asyncio.Protocol):
    """One socket of a link."""

    def __init__(
        self,
        opened: Callable[[], None],
        received: Callable[[bytes], None],
        lost: Callable[[], None],
    ) -> None:
        self._opened = opened
        self.data_received = received  # type: ignore[method-assign]
        self._lost = lost
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._opened()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()

    def send(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def close(self) -> None:
        """Close, once what was sent is out."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class _Link:
    """One connection of a client, and the one to the server that goes with it."""

    def __init__(self, proxy: NemesisProxy, name: str) -> None:
        self._proxy = proxy
        self._name = name
        self.client = _End(self._begin, self._on_request, self._on_client_gone)
        self._server = _End(self._connected, self._on_reply, self._on_server_gone)
        self._fault: Fault | None = None
        self._held = b""
        self.held_until = 0
        self._awaited = 0
        """Replies until the faulty flight is answered."""
        self._reader = hiredis.Reader(notEnoughData=Ellipsis)
        self._raw = b""
        self._replies: list[object] = []
        self._connecting: asyncio.Task[None] | None = None
        self.is_over = asyncio.Event()

    @property
    def is_late(self) -> bool:
        """True of one whose commit is, or was, held back."""
        return self._fault is Fault.HOLD

    def deliver(self) -> None:
        """Send what was held back."""
        self._proxy.held.remove(self)
        self._server.send(self._held)
        self._held = b""

    def cut(self) -> None:
        """Break both connections at once; what is on its way is lost."""
        self.client.abort()
        self._server.abort()

    def _begin(self) -> None:
        assert self.client.transport is not None
        self.client.transport.pause_reading()
        self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self._server, "127.0.0.1", self._proxy.server_port
            )
        except OSError:
            self._on_server_gone()

    def _connected(self) -> None:
        assert self.client.transport is not None
        if self.client.transport.is_closing():
            self._server.close()
        else:
            self.client.transport.resume_reading()

    def _on_request(self, data: bytes) -> None:
        if self._fault is not None:
            return
        if not _COMMIT.search(data):
            self._server.send(data)
            return
        self._proxy.note_commit()
        if self._proxy.faults:
            self._inflict(self._proxy.faults.popleft(), data)
        else:
            self._server.send(data)

    def _inflict(self, fault: Fault, data: bytes) -> None:
        self._proxy.met[fault] += 1
        self._fault = fault
        if fault in _AFTER_REPLY:
            self._awaited = _count(hiredis.Reader(notEnoughData=Ellipsis), data)
        match fault:
            case Fault.LOSE_REQUEST:
                self.cut()
            case Fault.HALF_REQUEST:
                self._server.send(data[: len(data) // 2])
                self._server.close()
                self.client.abort()
            case Fault.HOLD:
                self._held = data
                self._proxy.hold(self)
                self.client.abort()
            case Fault.KILL_BEFORE:
                self._proxy.kill(self._name)
                self._server.send(data)
            case Fault.LOSE_REPLY | Fault.HALF_REPLY | Fault.KILL_AFTER:
                self._server.send(data)

    def _on_reply(self, data: bytes) -> None:
        if self._fault is None:
            self.client.send(data)
            return
        self._raw += data
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not Ellipsis:
            if not isinstance(reply, hiredis.PushNotification):
                self._replies.append(reply)
        if self._awaited and len(self._replies) >= self._awaited:
            self._end_flight()

    def _end_flight(self) -> None:
        """The server has answered the faulty flight."""
        match self._fault:
            case Fault.HOLD:
                self._proxy.late_replies.append(self._replies)
            case Fault.HALF_REPLY:
                self._proxy.lost_replies.append(self._replies)
                self.client.send(self._raw[: len(self._raw) // 2])
                self.client.close()
            case Fault.KILL_AFTER:
                self._proxy.kill(self._name)
            case _:
                self._proxy.lost_replies.append(self._replies)
        self._server.abort()
        if self._fault is not Fault.HALF_REPLY:
            self.client.abort()

    def _on_client_gone(self) -> None:
        if self._fault is not Fault.HOLD:
            self._server.close()

    def _on_server_gone(self) -> None:
        if self in self._proxy.held:
            self._proxy.held.remove(self)
        self.client.close()
        self._proxy.forget(self)
        self.is_over.set()


def _count(reader: hiredis.Reader, data: bytes) -> int:
    """Return how many commands are whole in a piece of a request."""
    reader.feed(data)
    count = 0
    while reader.gets() is not Ellipsis:
        count += 1
    return count
