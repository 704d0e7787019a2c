"""Commands as Redis reads them.

In Python: that of hiredis 3.5.0 crashes the process when a signal handler raises while it runs, and
a soft time limit does just that. Pure: no I/O, no clock, no chance.
"""

from collections.abc import Sequence
from functools import lru_cache

Command = tuple[str | bytes | int, ...] | bytes
"""The words of a command, or one command packed beforehand."""


def pack(command: Command) -> bytes:
    """Return one command as it goes over the socket."""
    return pack_all((command,))


def pack_all(commands: Sequence[Command]) -> bytes:
    """Return a flight as it goes over the socket."""
    try:
        return b"".join(commands)  # type: ignore[arg-type]  # as they are, in most flights
    except TypeError:
        return b"".join([each if isinstance(each, bytes) else _packed(each) for each in commands])


def pack_call(digest: str, keys: tuple[str, ...], arguments: Sequence[str | bytes | int]) -> bytes:
    """Return the command that runs a program; keys occur again and again, arguments do not."""
    count = b"*%d\r\n" % (3 + len(keys) + len(arguments))
    return b"".join([count, _packed_call(digest, keys), _packed_words(arguments)])


def pack_set(key: str, value: bytes) -> bytes:
    """Return the command that replaces a value."""
    return b"*3\r\n$3\r\nSET\r\n%b$%d\r\n%b\r\n" % (_packed_name(key), len(value), value)


@lru_cache(maxsize=4096)
def packed(*words: str) -> bytes:
    """Return a command of a few words that is sent again and again, packed once."""
    return pack(words)


def _packed(words: Sequence[str | bytes | int]) -> bytes:
    return b"*%d\r\n%b" % (len(words), _packed_words(words))


def _packed_words(words: Sequence[str | bytes | int]) -> bytes:
    parts: list[bytes] = []
    add = parts.append
    for word in words:
        if isinstance(word, str):
            add(_packed_name(word))
        else:
            data = word if isinstance(word, bytes) else b"%d" % word
            add(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _packed_call(digest: str, keys: tuple[str, ...]) -> bytes:
    return _packed_words(("EVALSHA", digest, len(keys), *keys))


@lru_cache(maxsize=4096)
def _packed_name(name: str) -> bytes:
    """Keep the packed form of commands and keys: the same few occur all the time."""
    data = name.encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)
