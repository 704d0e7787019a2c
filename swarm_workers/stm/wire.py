"""One connection to Redis, on which commands travel in flights: all sent, then all answered.

It never reconnects by itself, as the usual client does: a new connection has forgotten the WATCHes
of the old one, so a commit sent on it would overwrite what others wrote in between.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from redis import exceptions
from redis.connection import Connection, parse_url

from swarm_workers.stm.errors import StmServerError, StmUsageError

Command = tuple[str | bytes | int, ...]

_LOST = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.InvalidResponse, OSError)
_REFUSED = (
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
    exceptions.ResponseError,
    exceptions.DataError,
)


class WireLostError(Exception):
    """The connection broke; whether the last flight arrived is not known."""


class _Packer:
    """Commands to bytes, in Python.

    That of hiredis 3.5.0 crashes the process when a signal handler raises while it runs, and a
    soft time limit does just that.
    """

    def pack(self, *arguments: str | bytes | int) -> list[bytes]:
        """Return one command as Redis reads it."""
        parts = [b"*%d\r\n" % len(arguments)]
        for argument in arguments:
            data = argument if isinstance(argument, bytes) else str(argument).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        return [b"".join(parts)]


# What is ours to fix, whatever the URL says: plain replies, and no round trip that nobody needs.
_FIXED: dict[str, Any] = {
    "protocol": 2,
    "decode_responses": False,
    "health_check_interval": 0,
    "driver_info": None,
    "command_packer": _Packer(),
}


def parse_address(url: str) -> dict[str, Any]:
    """Return the arguments of a connection.

    Args:
        url: `redis://user:password@host:port/db`, `rediss://…` or `unix://…`.

    Raises:
        StmUsageError: it is none of these.
    """
    try:
        arguments: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError as error:
        # The URL itself may hold a password, so it is not repeated.
        raise StmUsageError(f"the URL of Redis cannot be used: {error}") from None
    arguments.pop("max_connections", None)
    return arguments | _FIXED


class Wire:
    """One connection. Used by one thread, except for `abort`."""

    def __init__(self, address: Mapping[str, Any]) -> None:
        """Connect. Blocks, at most for the connect timeout (5 s unless the URL says otherwise).

        Raises:
            WireLostError: no connection can be had now.
            StmServerError: the server refuses the password, the user or the database.
        """
        arguments = dict(address)
        kind: Any = arguments.pop("connection_class", Connection)
        self._connection: Any = kind(**arguments)
        self._pid = os.getpid()
        self.has_watches = False
        """Whether the server watches keys for this connection."""
        try:
            self._connection.connect()
        except _REFUSED as error:
            raise StmServerError(str(error)) from error
        except _LOST as error:
            raise WireLostError(str(error)) from error

    @property
    def is_open(self) -> bool:
        """Say whether nothing has broken it yet."""
        return bool(self._connection.is_connected)

    def flight(self, commands: Sequence[Command]) -> list[Any]:
        """Send all commands, then return all replies; an error reply is returned, not raised.

        Raises:
            WireLostError: the connection broke.
        """
        self._check()
        connection = self._connection
        try:
            packed = connection.pack_commands(commands)
            connection.send_packed_command(packed, check_health=False)
            return [self._reply() for _ in commands]
        except _LOST as error:
            self.close()
            raise WireLostError(str(error)) from error
        except BaseException:
            # Replies may be left over, and the next transaction would take them for its own.
            self.close()
            raise

    def receive(self, seconds: float | None) -> Any:
        """Return the next message that the server pushes; None if none came within the time.

        Raises:
            WireLostError: the connection broke.
        """
        self._check()
        try:
            return self._connection.read_response(timeout=seconds, disconnect_on_error=False)
        except exceptions.TimeoutError:
            return None
        except (*_LOST, exceptions.ResponseError) as error:
            self.close()
            raise WireLostError(str(error)) from error

    def close(self) -> None:
        """Close it. May be called twice."""
        self._connection.disconnect()

    def abort(self) -> None:
        """Break it from another thread: whoever waits on it gets WireLostError."""
        sock: socket.socket | None = self._connection._sock  # noqa: SLF001 - no public way
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it broke by itself meanwhile, which is what was wanted

    def _check(self) -> None:
        if self._pid != os.getpid():
            raise StmUsageError(
                "a process was forked inside a transaction and goes on with it; "
                "fork outside `atomically`, and start a transaction of its own in the child"
            )
        if not self.is_open:
            raise WireLostError("the connection was lost")

    def _reply(self) -> Any:
        try:
            return self._connection.read_response()
        except exceptions.ResponseError as error:
            return error
