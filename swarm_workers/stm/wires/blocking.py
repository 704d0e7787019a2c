"""A connection that blocks its thread. Its coroutines never suspend."""

import socket
import struct
import time
import weakref
from collections.abc import Sequence
from typing import Any

import hiredis

from swarm_workers.stm.errors import StmServerError, StmUsageError
from swarm_workers.stm.forks import generation
from swarm_workers.stm.wires.address import Address
from swarm_workers.stm.wires.ear import Ear, invalidated
from swarm_workers.stm.wires.packing import Command, pack_all
from swarm_workers.stm.wires.seam import WireLostError

_READ_BYTES = 65536
_NOTHING = object()
_PUSH = hiredis.PushNotification
_LOST = (OSError, EOFError, hiredis.ProtocolError)


class BlockingWire:
    """A socket, used by one thread at a time, except for `close` and `abort`."""

    def __init__(self, address: Address) -> None:
        """Connect and greet. Blocks, at most for the connect timeout.

        Raises:
            WireLostError: no connection can be had now.
            StmServerError: the server refuses the password, the user or the database.
        """
        self._address = address
        self._generation = generation()
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._ear: weakref.ref[Ear] | None = None
        self.is_open = True
        try:
            self._socket = _connect(address)
            self._allow(address.answer_seconds)
            if address.tls is None:
                # Who does not read does not answer: what is sent has to end too.
                limit = _timeval(address.answer_seconds)
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        except OSError as error:
            raise WireLostError(str(error)) from error
        self._greet()

    async def flight(
        self, commands: Sequence[Command], *, waiting_seconds: float = 0.0
    ) -> list[Any]:
        """Send all commands, then return all replies; see `Wire.flight`."""
        self._check()
        try:
            answer_seconds = self._address.answer_seconds
            # A short wait fits into the time for an answer, and is worth no call of the system.
            is_long = answer_seconds is not None and waiting_seconds > answer_seconds / 2
            if is_long and answer_seconds is not None:
                self._allow(waiting_seconds + answer_seconds)
            self._socket.sendall(pack_all(commands))
            replies = self._replies(len(commands))
            if is_long:
                self._allow(answer_seconds)
        except _LOST as error:
            self.close()
            raise WireLostError(_told(error)) from error
        except BaseException:
            # Replies may be left over, and the next transaction would take them for its own.
            self.close()
            raise
        if self._address.round_trip_seconds:
            time.sleep(self._address.round_trip_seconds)  # noqa: ASYNC251, TID251 - that is the emulation
        return replies

    def listen(self, ear: Ear) -> None:
        """Let this ear hear, in place of the one before."""
        self._ear = weakref.ref(ear)

    async def wait(self, ear: Ear, keys: frozenset[str], seconds: float | None) -> bool:
        """Block until the ear has heard of one of the keys; see `Wire.wait`."""
        self._check()
        ends_at = None if seconds is None else time.monotonic() + seconds
        left = seconds
        try:
            while not ear.concerns(keys) and (left is None or left > 0):
                self._receive_pushes(left)
                left = None if ends_at is None else ends_at - time.monotonic()
            self._allow(self._address.answer_seconds)
        except _LOST as error:
            self.close()
            raise WireLostError(_told(error)) from error
        except BaseException:
            self.close()
            raise
        if self._address.round_trip_seconds:
            time.sleep(self._address.round_trip_seconds / 2)  # noqa: ASYNC251, TID251 - goes one way
        return ear.concerns(keys)

    def close(self) -> None:
        """Close it. May be called twice."""
        self.is_open = False
        self._socket.close()

    def abort(self) -> None:
        """Break it from another thread: whoever waits on it gets WireLostError."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it broke by itself meanwhile, which is what was wanted

    def _greet(self) -> None:
        greeting = self._address.greeting()
        try:
            self._socket.sendall(pack_all(greeting))
            replies = self._replies(len(greeting))
        except _LOST as error:
            self.close()
            raise WireLostError(_told(error)) from error
        check_greeting(replies, self.close)

    def _replies(self, count: int) -> list[Any]:
        replies: list[Any] = []
        gets = self._reader.gets
        while len(replies) < count:
            self._feed()
            while (reply := gets()) is not _NOTHING:
                if type(reply) is _PUSH:
                    self._hear(reply)
                else:
                    replies.append(reply)
        return replies

    def _receive_pushes(self, seconds: float | None) -> None:
        """Wait for the next push, at most for the time."""
        reply = self._reader.gets()
        if reply is _NOTHING:
            self._allow(seconds)
            try:
                self._feed()
            except (TimeoutError, BlockingIOError):
                return
        elif type(reply) is hiredis.PushNotification:
            self._hear(reply)
        else:
            raise EOFError(f"an answer without a question: {reply!r:.100}")

    def _feed(self) -> None:
        data = self._socket.recv(_READ_BYTES)
        if not data:
            raise EOFError("the server closed the connection")
        self._reader.feed(data)

    def _hear(self, push: list[object]) -> None:
        ear = self._ear and self._ear()
        if ear:
            ear.hear(invalidated(push))

    def _allow(self, seconds: float | None) -> None:
        """Let one answer take so long."""
        if self._address.tls is not None:
            self._socket.settimeout(seconds)
            return
        # The system's own limit: with that of Python every call asks poll() first.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))

    def _check(self) -> None:
        if self._generation != generation():
            raise StmUsageError(
                "a process was forked inside a transaction and goes on with it; "
                "fork outside `atomically`, and start a transaction of its own in the child"
            )
        if not self.is_open:
            raise WireLostError("the connection was lost")


def check_greeting(replies: list[Any], close: Any) -> None:
    """Raise if the server does not let this client in.

    Raises:
        WireLostError: it is starting, or has no room; later it may.
        StmServerError: it refuses.
    """
    refusals = [str(reply) for reply in replies if isinstance(reply, Exception)]
    if not refusals:
        return
    close()
    if refusals[0].startswith(("LOADING", "ERR max number of clients")):
        raise WireLostError(refusals[0])
    raise StmServerError(refusals[0])


def _connect(address: Address) -> socket.socket:
    if address.path is not None:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(address.connect_seconds)
        made.connect(address.path)
    else:
        made = socket.create_connection((address.host, address.port), address.connect_seconds)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if address.tls is not None:
            made = address.tls.wrap_socket(made, server_hostname=address.host)
    made.settimeout(None)
    return made


def _timeval(seconds: float | None) -> bytes:
    """Return a time as the system wants it; None means no limit."""
    micros = 0 if seconds is None else max(1, int(seconds * 1_000_000))
    return struct.pack("@ll", *divmod(micros, 1_000_000))


def _told(error: BaseException) -> str:
    return (
        "it did not answer in time"
        if isinstance(error, (TimeoutError, BlockingIOError))
        else str(error)
    )
