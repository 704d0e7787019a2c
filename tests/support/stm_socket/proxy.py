"""A loopback proxy that knows where a flight of commands begins and ends, and can hold it.

A flight is a burst of requests and all its replies: a further request begins a new flight only when
every earlier one has been answered. What opens a connection (HELLO, AUTH and the like, until the
first other command) is no flight. Replies that nobody asked for (invalidations, messages of a
channel) are passed on and counted apart.

One thread drives it, by `turn`; nothing happens in between.
"""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.stm_socket.resp import Command, Scanner, command, is_push

_OPENING = {b"HELLO", b"AUTH", b"SELECT", b"CLIENT", b"PING", b"FUNCTION", b"SCRIPT", b"INFO"}
_BLOCKING = {b"BLPOP", b"BRPOP", b"BLMOVE", b"BLMPOP", b"BZPOPMIN", b"WAIT", b"WAITAOF"}
_HARMLESS = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
_BYTES_MAX = 1 << 16


@dataclass(slots=True)
class Flight:
    """A burst of requests."""

    connection: int
    """Number of the connection, in the order in which they were opened."""
    commands: list[Command] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Return the first word of each command."""
        return [each[0].decode() for each in self.commands]

    @property
    def may_block(self) -> bool:
        """Say whether the server may answer only after another client has done something."""
        return any(each[0] in _BLOCKING for each in self.commands)


class Connection:
    """One connection of a client, and the one to the server that goes with it."""

    def __init__(self, number: int, client: socket.socket, server: socket.socket) -> None:
        self.number = number
        self.client = client
        self.server = server
        self.requests = Scanner()
        self.replies = Scanner()
        self.unanswered = 0
        self.is_opening = True
        """Until the first command that is no part of a handshake."""
        self.latest: Flight | None = None
        self.held: list[bytes] = []
        """Requests of the latest flight that the server has not got yet."""

    def take_in(self, request: bytes, flights: list[Flight]) -> None:
        """Reckon a request among the flights."""
        words = command(request)
        self.is_opening = self.is_opening and words[0] in _OPENING
        if self.is_opening:
            return
        if self.latest is None or not (self.unanswered or self.held):
            self.latest = Flight(self.number)
            flights.append(self.latest)
        self.latest.commands.append(words)

    def forward(self, requests: list[bytes]) -> None:
        """Send requests to the server."""
        self.unanswered += len(requests)
        self.server.sendall(b"".join(requests))


class Lane:
    """A port of the proxy: all connections of one client."""

    def __init__(self, proxy: "Proxy", *, is_gated: bool) -> None:
        self._proxy = proxy
        self.is_gated = is_gated
        """Whether each flight is held until `release`."""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0)
        self.disabled: set[bytes] = set()
        """Names of commands that the server never gets; the client is told OK."""
        self.connections: list[Connection] = []
        self.flights: list[Flight] = []
        """In the order of their first request."""
        self.pushes = 0
        """Messages that nobody asked for."""
        self.events = 0
        """Grows with everything that happens here."""

    @property
    def url(self) -> str:
        """Return the address of the server, by way of this lane."""
        return self._proxy.url_at(self.listener.getsockname()[1])

    @property
    def held(self) -> Connection | None:
        """Return the first connection whose flight waits to be released."""
        return next((each for each in self.connections if each.held), None)

    @property
    def unanswered(self) -> list[Connection]:
        """Return the connections on which the server owes replies."""
        return [each for each in self.connections if each.unanswered]

    def release(self) -> Flight:
        """Send the held flight to the server; `turn` brings its replies."""
        connection = self.held
        assert connection is not None
        assert connection.latest is not None
        held, connection.held = connection.held, []
        connection.forward(held)
        return connection.latest


class Proxy:
    """Lanes to one server."""

    def __init__(self, url: str) -> None:
        """Connect to nothing yet.

        Args:
            url: `redis://…` of the server, with its password.
        """
        self._address = urlsplit(url)
        self._selector = selectors.DefaultSelector()
        self._lanes: list[Lane] = []
        self._numbers = 0

    def lane(self, *, is_gated: bool = False) -> Lane:
        """Return a new lane."""
        lane = Lane(self, is_gated=is_gated)
        self._lanes.append(lane)
        self.attend(lane.listener, lambda: self._accept(lane))
        return lane

    def url_at(self, port: int) -> str:
        """Return the server's URL with another port of this machine."""
        user = f"{self._address.username or ''}:{self._address.password or ''}"
        return self._address._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()

    def attend(self, sock: socket.socket, action: Callable[[], object]) -> None:
        """Call the action in a turn whenever the socket can be read."""
        self._selector.register(sock, selectors.EVENT_READ, action)

    def turn(self, seconds: float) -> bool:
        """Pass on all that has come; wait for something at most so long; say whether it came."""
        events = self._selector.select(seconds)
        still_attended = self._selector.get_map()
        for key, _ in events:
            # A connection may have ended through the event before this one.
            if key.fd in still_attended and still_attended[key.fd] is key:
                key.data()
        return bool(events)

    def turn_until(self, condition: Callable[[], object], seconds: float) -> bool:
        """Turn until the condition holds; False if the time ran out first."""
        ends_at = time.monotonic() + seconds
        while not condition():
            remaining = ends_at - time.monotonic()
            # A machine that was busy elsewhere may have let the time pass while something waited.
            if not self.turn(max(0.0, remaining)) and remaining <= 0:
                return False
        return True

    def close(self) -> None:
        """Break all connections."""
        for lane in self._lanes:
            for connection in list(lane.connections):
                self._end(lane, connection)
            self._selector.unregister(lane.listener)
            lane.listener.close()
        self._selector.close()

    def _accept(self, lane: Lane) -> None:
        try:
            client, _ = lane.listener.accept()
        except BlockingIOError:
            return  # a turn within a turn has taken it
        server = socket.create_connection((self._address.hostname, self._address.port))
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._numbers += 1
        connection = Connection(self._numbers, client, server)
        lane.connections.append(connection)
        self.attend(client, lambda: self._pass_requests(lane, connection))
        self.attend(server, lambda: self._pass_replies(lane, connection))

    def _pass_requests(self, lane: Lane, connection: Connection) -> None:
        data = self._received(lane, connection, connection.client)
        for request in connection.requests.messages(data):
            connection.take_in(request, lane.flights)
            if lane.disabled and command(request)[0] in lane.disabled:
                request = _HARMLESS  # noqa: PLW2901 - this is what is tested with
            if lane.is_gated and not connection.is_opening:
                connection.held.append(request)
            else:
                connection.forward([request])

    def _pass_replies(self, lane: Lane, connection: Connection) -> None:
        data = self._received(lane, connection, connection.server)
        for reply in connection.replies.messages(data):
            # In RESP2 a message of a channel looks like a reply; nobody asked for it either.
            if is_push(reply) or not connection.unanswered:
                lane.pushes += 1
            else:
                connection.unanswered -= 1
        if data:
            _send(connection.client, data)

    def _received(self, lane: Lane, connection: Connection, sock: socket.socket) -> bytes:
        """Return what has come, if anything; where nothing will any more, end the connection."""
        try:
            data = sock.recv(_BYTES_MAX, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""  # a turn within a turn has taken it
        except OSError:
            data = b""
        lane.events += 1
        if not data:
            self._end(lane, connection)
        return data

    def _end(self, lane: Lane, connection: Connection) -> None:
        lane.connections.remove(connection)
        for sock in (connection.client, connection.server):
            self._selector.unregister(sock)
            sock.close()


def _send(sock: socket.socket, data: bytes) -> None:
    try:
        sock.sendall(data)
    except OSError:
        return  # the client has gone, which the next turn will see
