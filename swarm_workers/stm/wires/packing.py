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
    return b"".join([each if type(each) is bytes else _packed_words(each) for each in commands])


def pack_set(key: str, value: bytes) -> bytes:
    """Return the command that replaces a value."""
    return b"*3\r\n$3\r\nSET\r\n%b$%d\r\n%b\r\n" % (_packed_name(key), len(value), value)


@lru_cache(maxsize=4096)
def packed(*words: str) -> bytes:
    """Return a command of a few words that is sent again and again, packed once."""
    return pack(words)


def _packed_words(words: Iterable[str | bytes | int]) -> bytes:
    parts = [b""]
    for word in words:
        if isinstance(word, str):
            parts.append(_packed_name(word))
        else:
            data = word if isinstance(word, bytes) else b"%d" % word
            parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    parts[0] = b"*%d\r\n" % (len(parts) - 1)
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _packed_name(name: str) -> bytes:
    """Keep the packed form of commands and keys: the same few occur all the time."""
    data = name.encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)
