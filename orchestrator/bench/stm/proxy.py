"""A proxy in front of a server, and one that keeps what clients send, flight by flight."""

import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from typing_extensions import override

RECEIVED_BYTES_MAX = 1 << 20


class Pair:
    """One connection of a client, and the one to the server that goes with it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        """Take both, connected."""
        self.client = client
        self.server = server
        self.is_asking = False
        """Whether the latest bytes went to the server."""
        self.is_reply_lost = False
        self.held = b""

    def close(self) -> None:
        """Close both."""
        self.client.close()
        self.server.close()


class Proxy:
    """Forwards everything, on a thread of its own."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on a free port of the loopback interface."""
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._waker, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.pairs: list[Pair] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return this proxy."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Break every connection and stop listening."""
        self._waker.close()
        self._thread.join(10)
        for pair in self.pairs:
            pair.close()
        self._listener.close()
        self._woken.close()
        self._selector.close()

    def on_request(self, pair: Pair, data: bytes) -> None:
        """Forward what a client sent."""
        pair.server.sendall(data)

    def on_reply(self, pair: Pair, data: bytes) -> None:
        """Forward what the server sent."""
        pair.client.sendall(data)

    def drop(self, pair: Pair) -> None:
        """Break both ends."""
        for end in (pair.client, pair.server):
            self.forget(end)

    def keep_upstream(self, pair: Pair) -> None:
        """Break the client's end alone; what the server still says is nobody's here."""
        self._selector.unregister(pair.server)
        self.forget(pair.client)

    def forget(self, end: socket.socket) -> None:
        """Break one end."""
        if end.fileno() >= 0:
            self._selector.unregister(end)
            end.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._forward(*key.data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(self._server)
        pair = Pair(client, server)
        for end, handle in ((client, self.on_request), (server, self.on_reply)):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(end, selectors.EVENT_READ, (pair, end, handle))
        self.pairs.append(pair)

    def _forward(self, pair: Pair, end: socket.socket, handle: object) -> None:
        if end.fileno() < 0:
            return  # closed by another event of the same round
        try:
            data = end.recv(RECEIVED_BYTES_MAX)
            if data:
                assert callable(handle)
                handle(pair, data)
            else:
                self.drop(pair)
        except OSError:
            self.drop(pair)


class RecordingProxy(Proxy):
    """Keeps what clients send, flight by flight.

    A flight is what a client sends until the server has answered something.
    """

    def __init__(self, host: str, port: int) -> None:
        """Begin with no flight."""
        self.flights: list[bytes] = []
        super().__init__(host, port)

    @override
    def on_request(self, pair: Pair, data: bytes) -> None:
        """Note and forward."""
        if pair.is_asking:
            self.flights[-1] += data
        else:
            self.flights.append(data)
        pair.is_asking = True
        super().on_request(pair, data)

    @override
    def on_reply(self, pair: Pair, data: bytes) -> None:
        """Forward; what comes next is another flight."""
        pair.is_asking = False
        super().on_reply(pair, data)
