"""Commands as Redis reads them.

In Python: that of hiredis 3.5.0 crashes the process when a signal handler raises while it runs, and
a soft time limit does just that. Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable
from functools import lru_cache

Command = tuple[str | bytes | int, ...] | bytes
"""The words of a command, or one command packed beforehand."""


def pack(command: Command) -> bytes:
    """Return one command as it goes over the socket."""
    return pack_all((command,))


def pack_all(commands: Iterable[Command]) -> bytes:
    """Return a flight as it goes over the socket."""
    parts: list[bytes] = []
    add = parts.append
    for command in commands:
        if isinstance(command, bytes):
            add(command)
            continue
        add(b"*%d\r\n" % len(command))
        for word in command:
            if isinstance(word, str):
                add(_packed_name(word))
            else:
                data = word if isinstance(word, bytes) else b"%d" % word
                add(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


@lru_cache(maxsize=4096)
def packed(*words: str) -> bytes:
    """Return a command of a few words that is sent again and again, packed once."""
    return pack(words)


@lru_cache(maxsize=4096)
def _packed_name(name: str) -> bytes:
    """Keep the packed form of commands and keys: the same few occur all the time."""
    data = name.encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)
