"""A TCP proxy that loses the reply to EXEC, loses EXEC itself, or delivers it late."""

import queue
import re
import socket
import threading
from collections import deque
from typing import Literal

Fault = Literal["lose reply", "lose request", "hold request", "deliver held first"]
_EXEC = b"$4\r\nEXEC\r\n"
_EXEC_REPLY = re.compile(rb"\*-?[0-9]+\r\n")


class CuttingProxy:
    """Forwards to a server. Each armed fault befalls the next EXEC that comes by, in order."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.faults: deque[Fault] = deque()
        self.pairs: list[_Pair] = []
        self.is_passable = threading.Event()
        """While clear, new connections are accepted and nothing comes of them."""
        self.is_passable.set()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def release(self) -> list[bytes]:
        """Deliver what was held, on the old connections; return what the server answered."""
        return [pair.deliver() for pair in self.pairs if pair.held]

    def cut_all(self) -> None:
        """Break every connection that is open now."""
        for pair in self.pairs:
            pair.cut()

    def close(self) -> None:
        self.is_passable.set()
        _break(self._listener)
        self._thread.join(10)
        self.cut_all()
        for pair in self.pairs:
            pair.close()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.is_passable.wait()
            server = socket.create_connection(self._server)
            self.pairs.append(_Pair(client, server, self))


class _Pair:
    """One connection of a client, and the one to the server that goes with it."""

    def __init__(self, client: socket.socket, server: socket.socket, proxy: CuttingProxy) -> None:
        self._client = client
        self._server = server
        self._proxy = proxy
        self.held = b""
        self._is_reply_lost = False
        self._late_replies: queue.Queue[bytes] = queue.Queue()
        actions = (self._forward_requests, self._forward_replies)
        self._threads = [threading.Thread(target=action) for action in actions]
        for thread in self._threads:
            thread.start()

    def deliver(self) -> bytes:
        data, self.held = self.held, b""
        self._server.sendall(data)
        replies = b""
        while not _EXEC_REPLY.search(replies):
            replies += self._late_replies.get(timeout=10)
        return replies

    def cut(self) -> None:
        _break(self._client)
        _break(self._server)

    def close(self) -> None:
        for thread in self._threads:
            thread.join(10)
        self._client.close()
        self._server.close()

    def _forward_requests(self) -> None:
        while data := _received(self._client):
            if _EXEC in data and self._proxy.faults:
                self._inflict(self._proxy.faults.popleft(), data)
            else:
                _send(self._server, data)
        if not self.held:
            _break(self._server)

    def _inflict(self, fault: Fault, data: bytes) -> None:
        match fault:
            case "lose reply":
                self._is_reply_lost = True
                _send(self._server, data)
            case "lose request":
                self.cut()
            case "hold request":
                self.held = data
                _break(self._client)
            case "deliver held first":
                self._proxy.release()
                _send(self._server, data)

    def _forward_replies(self) -> None:
        while data := _received(self._server):
            if self._is_reply_lost:
                break
            if not _send(self._client, data):
                self._late_replies.put(data)
        self.cut()


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(65536)
    except OSError:
        return b""


def _send(sock: socket.socket, data: bytes) -> bool:
    try:
        sock.sendall(data)
    except OSError:
        return False
    return True


def _break(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
