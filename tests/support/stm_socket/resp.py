"""Where messages of the Redis protocol end. Pure.

Source: the protocol's specification, RESP2 and RESP3 (redis.io/docs/latest/develop/reference).
"""

from collections.abc import Iterator

Command = tuple[bytes, ...]

_CHILDREN_PER_COUNT = {b"*": 1, b"~": 1, b">": 1, b"%": 2, b"|": 2}
_BULKS = (b"$", b"!", b"=")


class Incomplete(Exception):  # noqa: N818 - a state of the buffer, not a failure
    """The message goes on beyond the bytes that have come."""


class Scanner:
    """Cuts a stream of bytes into whole messages."""

    def __init__(self) -> None:
        self._buffer = b""

    def messages(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages that these bytes complete."""
        self._buffer += data
        start = 0
        try:
            while start < len(self._buffer):
                end = _end(self._buffer, start)
                yield self._buffer[start:end]
                start = end
        except Incomplete:
            pass
        finally:
            self._buffer = self._buffer[start:]


def is_push(reply: bytes) -> bool:
    """Say whether the server sent this without being asked (RESP3 only)."""
    return reply.startswith(b">")


def command(message: bytes) -> Command:
    """Return a request as its words, the first in capitals."""
    words: list[bytes] = []
    position = _line_end(message, 0)
    while position < len(message):
        start = _line_end(message, position)
        end = start + int(message[position + 1 : start - 2])
        words.append(message[start:end])
        position = end + 2
    return (words[0].upper(), *words[1:])


def _end(buffer: bytes, start: int) -> int:
    position = _line_end(buffer, start)
    kind, line = buffer[start : start + 1], buffer[start + 1 : position - 2]
    if kind in _BULKS:
        return _bounded(buffer, position + max(int(line) + 2, 0) if line != b"-1" else position)
    for _ in range(_CHILDREN_PER_COUNT.get(kind, 0) * max(_count(kind, line), 0)):
        position = _end(buffer, position)
    # An attribute stands before the reply that it belongs to.
    return _end(buffer, position) if kind == b"|" else position


def _count(kind: bytes, line: bytes) -> int:
    return int(line) if kind in _CHILDREN_PER_COUNT else 0


def _line_end(buffer: bytes, start: int) -> int:
    found = buffer.find(b"\r\n", start)
    if found < 0:
        raise Incomplete
    return found + 2


def _bounded(buffer: bytes, end: int) -> int:
    if end > len(buffer):
        raise Incomplete
    return end
