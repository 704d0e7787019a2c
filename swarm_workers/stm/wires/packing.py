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
    if isinstance(command, bytes):
        return command
    return b"*%d\r\n%b" % (len(command), b"".join(map(_packed_word, command)))


def pack_all(commands: Iterable[Command]) -> bytes:
    """Return a flight as it goes over the socket."""
    return b"".join(map(pack, commands))


def _packed_word(word: str | bytes | int) -> bytes:
    if isinstance(word, str):
        return _packed_name(word)
    data = word if isinstance(word, bytes) else b"%d" % word
    return b"$%d\r\n%b\r\n" % (len(data), data)


@lru_cache(maxsize=4096)
def _packed_name(name: str) -> bytes:
    """Keep the packed form of commands and keys: the same few occur all the time."""
    data = name.encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)
