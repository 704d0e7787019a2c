"""Messages over a stream socket: JSON objects behind their length, with file descriptors if asked.

It never reads past the message that it returns, so `select` on the socket tells the truth.
"""

from __future__ import annotations

import array
import json
import select
import socket
import struct
import time
from typing import Any

_HEADER = struct.Struct(">Q")
_CHUNK_BYTES = 1 << 20
_FDS_MAX = 4
MESSAGE_BYTES_MAX = 256 << 20


class ChannelError(Exception):
    """What came is no message: too long, not JSON, or not an object."""


class Channel:
    """One end of a conversation. Not for two threads at once."""

    def __init__(self, stream: socket.socket) -> None:
        """Take over a connected stream socket."""
        self._socket = stream
        self._received = bytearray()
        self._fds: list[int] = []

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        """Send one message; blocks while the other side does not read.

        Raises:
            OSError: the other side is gone.
        """
        body = json.dumps(message, separators=(",", ":")).encode()
        header = _HEADER.pack(len(body))
        if fds:
            rights = array.array("i", fds).tobytes()
            passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
            sent = self._socket.sendmsg([header], passed)
            header = header[sent:]
        self._socket.sendall(header + body)

    def receive(self, timeout_seconds: float | None = None) -> dict[str, Any] | None:
        """Wait for the next message; None when the other side has hung up.

        A timeout loses nothing: what has come of a message is kept for the next call.

        Raises:
            TimeoutError: no whole message within the time.
            ChannelError: what came is no message.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            missing = self._missing()
            if not missing:
                return self._take()
            if deadline is not None:
                self._wait(deadline)
            if not self._read(min(missing, _CHUNK_BYTES)):
                return None

    def take_fds(self) -> list[int]:
        """Return the descriptors that came with the messages so far, once."""
        taken, self._fds = self._fds, []
        return taken

    def _missing(self) -> int:
        if len(self._received) < _HEADER.size:
            return _HEADER.size - len(self._received)
        (size,) = _HEADER.unpack_from(self._received)
        if size > MESSAGE_BYTES_MAX:
            raise ChannelError("a message of %d bytes, more than %d" % (size, MESSAGE_BYTES_MAX))
        return int(_HEADER.size + size - len(self._received))

    def _wait(self, deadline: float) -> None:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self._socket], [], [], left)[0]:
            raise TimeoutError("no whole message came in time")

    def _read(self, size: int) -> int:
        room = socket.CMSG_SPACE(_FDS_MAX * array.array("i").itemsize)
        try:
            data, passed, _flags, _address = self._socket.recvmsg(size, room)
        except ConnectionResetError:
            return 0
        for level, kind, rights in passed:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(rights[: len(rights) - len(rights) % fds.itemsize])
                self._fds.extend(fds)
        self._received += data
        return len(data)

    def _take(self) -> dict[str, Any]:
        body = bytes(self._received[_HEADER.size :])
        self._received.clear()
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ChannelError("not JSON: %s" % error) from error
        if not isinstance(message, dict):
            raise ChannelError("a JSON %s, not an object" % type(message).__name__)
        return message
