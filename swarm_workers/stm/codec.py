"""Values to bytes and back: JSON behind a version header, and the rules for names.

A stored value reads `<writer 8>:<sequence 12>;<JSON>`. Writer and sequence number name the commit
that wrote it, so no two writes of one key are ever equal (no ABA), and one can tell who wrote it
without a clock. Pure: no I/O, no clock, no chance.
"""

import re
from typing import Any, Generic, TypeVar

import msgspec

from swarm_workers.stm.errors import InvalidNameError, StmCodecError, ValueTooLargeError

T = TypeVar("T")

HEADER_BYTES = 22
VALUE_BYTES_MAX = 64 * 1024
NAME_CHARACTERS_MAX = 512
_SPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Codec(Generic[T]):
    """JSON of one type, within a limit."""

    def __init__(self, name: str, kind: Any, bytes_max: int = VALUE_BYTES_MAX) -> None:
        """Prepare for a type.

        Args:
            name: of the variable, for messages.
            kind: any type that msgspec can decode, also `X | None` and generics such as `list[X]`.
            bytes_max: limit of the encoded value.

        Raises:
            StmCodecError: msgspec cannot decode into this type.
        """
        self._name = name
        self._bytes_max = bytes_max
        # Members of sets are compared by their bytes: equal dicts must give equal bytes.
        self._encoder = msgspec.json.Encoder(order="deterministic")
        try:
            self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)
        except TypeError as error:
            raise StmCodecError(name, str(error)) from error

    def encode(self, value: T) -> bytes:
        """Return the JSON of a value that other processes will be able to decode.

        Raises:
            StmCodecError: the value is not of the type.
            ValueTooLargeError: it is over the limit.
        """
        try:
            payload = self._encoder.encode(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise StmCodecError(self._name, str(error)) from error
        if len(payload) > self._bytes_max:
            raise ValueTooLargeError(self._name, len(payload), self._bytes_max)
        # The writer is told at once; else every reader would fail on what one of them wrote, or
        # get something else: JSON has no infinity, and msgspec writes null in its place.
        returned = self.decode(payload)
        if returned != value:
            raise StmCodecError(self._name, f"it would come back as {returned!r:.100}")
        return payload

    def decode(self, payload: bytes) -> T:
        """Return the value of a JSON text.

        Raises:
            StmCodecError: it does not fit the type.
        """
        try:
            return self._decoder.decode(payload)
        except (ValueError, RecursionError) as error:
            raise StmCodecError(self._name, str(error)) from error


def stamp(writer: str, sequence: int, payload: bytes) -> bytes:
    """Return what is stored: the payload behind the version header."""
    return b"%s:%012d;%s" % (writer.encode(), sequence, payload)


def payload_of(name: str, stored: bytes) -> bytes:
    """Return the payload of what is stored.

    Raises:
        StmCodecError: it carries no header, so something else wrote it.
    """
    if stored[8:9] != b":" or stored[21:22] != b";" or not stored[9:21].isdigit():
        raise StmCodecError(name, "it has no version header; something else wrote this key")
    return stored[HEADER_BYTES:]


def checked_space(space: str) -> str:
    """Return the name of a space, or raise InvalidNameError."""
    if not _SPACE.fullmatch(space):
        rule = "1 to 64 letters, digits, '_', '.', '-', beginning with a letter or digit"
        raise InvalidNameError("space", space, rule)
    return space


def checked_name(what: str, name: str, *, forbidden: str = "") -> str:
    """Return the name of a variable or of a map's entry, or raise InvalidNameError."""
    is_usable = 0 < len(name) <= NAME_CHARACTERS_MAX and name.isprintable()
    if not is_usable or any(mark in name for mark in forbidden):
        without = f", without '{forbidden}'" if forbidden else ""
        rule = f"1 to {NAME_CHARACTERS_MAX} printable characters{without}"
        raise InvalidNameError(what, name, rule)
    return name
