"""A bare connection: a socket, a reader in C, and nothing in between."""

import socket
from typing import Any
from urllib.parse import urlsplit

import hiredis
from redis.connection import parse_url

from orchestrator.bench.stm.delay import travel

_RECEIVED_BYTES_MAX = 65536


def pack(*arguments: str | bytes | int) -> bytes:
    """Return one command as Redis reads it."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def address_of(url: str) -> tuple[str, int]:
    """Return host and port of a `redis://` URL."""
    parts: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    return parts.get("host", "localhost"), parts.get("port", 6379)


def through(url: str, port: int) -> str:
    """Return the URL of the same server by way of a proxy on the loopback interface."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{credentials}{at}127.0.0.1:{port}").geturl()


class RawWire:
    """One connection, logged in."""

    def __init__(self, url: str, round_trip_seconds: float) -> None:
        """Connect. Blocks."""
        parts: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
        self._socket = socket.create_connection(address_of(url), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = hiredis.Reader()
        self._round_trip_seconds = round_trip_seconds
        self._pushes = 0
        """That came and were not waited for yet."""
        user = [parts["username"]] if parts.get("username") else []
        if parts.get("password"):
            self.flight(pack("AUTH", *user, parts["password"]), 1)
        self.flight(pack("SELECT", parts.get("db", 0)), 1)

    def flight(self, data: bytes, count: int) -> list[Any]:
        """Send the commands and return that many replies. Blocks."""
        self._socket.sendall(data)
        replies: list[Any] = []
        while len(replies) < count:
            reply = self._reader.gets()
            if reply is False:
                self._reader.feed(self._socket.recv(_RECEIVED_BYTES_MAX))
                continue
            if type(reply) is hiredis.PushNotification:
                self._pushes += 1
                continue
            assert not isinstance(reply, Exception), f"the server refused: {reply}"
            replies.append(reply)
        travel(self._round_trip_seconds)
        return replies

    def wait_push(self) -> None:
        """Block until the server has pushed something, once for each time."""
        while not self._pushes:
            reply = self._reader.gets()
            if reply is False:
                self._reader.feed(self._socket.recv(_RECEIVED_BYTES_MAX))
            else:
                assert type(reply) is hiredis.PushNotification, "an answer without a question"
                self._pushes += 1
        self._pushes = 0
        travel(self._round_trip_seconds / 2)

    def close(self) -> None:
        """Close it."""
        self._socket.close()
