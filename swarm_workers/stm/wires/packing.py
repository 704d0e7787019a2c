"""Commands as Redis reads them.

In Python: that of hiredis 3.5.0 crashes the process when a signal handler raises while it runs, and
a soft time limit does just that. Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable

Command = tuple[str | bytes | int, ...] | bytes
"""The words of a command, or one command packed beforehand."""


def pack(command: Command) -> bytes:
    """Return one command as it goes over the socket."""
    if isinstance(command, bytes):
        return command
    parts = [b"*%d\r\n" % len(command)]
    for word in command:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def pack_all(commands: Iterable[Command]) -> bytes:
    """Return a flight as it goes over the socket."""
    return b"".join(map(pack, commands))
