"""Lines of operations, read: the first that cannot be taken is named.

Pure: no I/O, no clock, no chance.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from swarm_workers.source.log.errors import OperationsFileError, UnsoundOperationError
from swarm_workers.source.log.soundness import require_sound
from swarm_workers.source.log.wire import (
    BLOB_PART_BYTES,
    BLOB_PARTS_MAX,
    FORMAT,
    BlobPart,
    End,
    Entry,
    Header,
    Item,
)
from tasks_schema.kinds import OperationKind
from tasks_schema.messages.source import Operation, Stamp

LINE_BYTES_MAX = 32 << 20
"""Longer lines are refused: nothing that is written here comes near."""
_SEQ_MAX = 2**53
"""Numbers above are not the same in every reader of JSON."""


def read_items(lines: Iterable[bytes]) -> Iterator[tuple[int, Item]]:
    """Yield what the lines say, each with its number, counted from 1; a header first, an end last.

    Raises:
        OperationsFileError: naming the first line that cannot be taken.
    """
    number, operations, is_ended = 0, 0, False
    for number, line in enumerate(lines, 1):
        if is_ended:
            raise OperationsFileError(number, "comes after the end")
        item = _read(number, line)
        if isinstance(item, Header) is not (number == 1):
            raise OperationsFileError(number, f"is not where it belongs: the first is '{FORMAT}'")
        operations += isinstance(item, Entry)
        is_ended = isinstance(item, End)
        if isinstance(item, End) and item.operations != operations:
            raise OperationsFileError(
                number, f"speaks of {item.operations} operations, where there were {operations}"
            )
        yield number, item
    if not is_ended:
        raise OperationsFileError(number + 1, "is missing: the file was cut off before its end")


def _read(number: int, line: bytes) -> Item:
    if len(line) > LINE_BYTES_MAX:
        raise OperationsFileError(number, f"is longer than {LINE_BYTES_MAX:,} bytes")
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise OperationsFileError(number, "is not JSON") from error
    if not isinstance(values, dict):
        raise OperationsFileError(number, "is not a JSON object")
    for key, read in _READERS.items():
        if key in values:
            return _checked(number, read, values)
    raise OperationsFileError(number, "is neither operation nor blob, nor beginning nor end")


def _checked(number: int, read: Callable[[dict[str, Any]], Item], values: dict[str, Any]) -> Item:
    try:
        return read(values)
    except KeyError as error:
        raise OperationsFileError(number, f"lacks {error.args[0]!r}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise OperationsFileError(number, f"does not make sense: {error}") from error
    except UnsoundOperationError as error:
        reason = f"holds an operation on node '{error.node_id}' that {error.reason}"
        raise OperationsFileError(number, reason) from error


def _header(values: dict[str, Any]) -> Header:
    if values["format"] != FORMAT:
        raise ValueError(f"the format is {values['format']!r}, not '{FORMAT}'")
    scope = values["scope"]
    return Header(
        uuid.UUID(values["branch"]),
        _text(values["name"], "name"),
        _vector(values["since"], "since"),
        _vector(values["until"], "until"),
        _text(scope, "scope") if scope is not None else None,
    )


def _entry(values: dict[str, Any]) -> Entry:
    stamp = Stamp(
        _count(values["lamport"], "lamport"),
        _author(values["author"]),
        _count(values["seq"], "seq"),
    )
    payload = values["payload"]
    _require_payload(values["kind"], payload)
    node_id = uuid.UUID(values["node"])
    operation = Operation.of_payload(values["kind"], node_id, payload, stamp)
    if operation.edge is not None and operation.edge.source != node_id:
        raise ValueError("the edge does not start at the node")
    require_sound(operation)
    attempt = values["attempt"]
    return Entry(operation, uuid.UUID(attempt) if attempt is not None else None)


def _blob(values: dict[str, Any]) -> BlobPart:
    part, of = values["part"], _count(values["of"], "of")
    try:
        data = base64.b64decode(values["base64"], validate=True)
    except binascii.Error as error:
        raise ValueError("the bytes are not in base64") from error
    if of > BLOB_PARTS_MAX or len(data) > BLOB_PART_BYTES:
        raise ValueError(f"a blob has at most {BLOB_PARTS_MAX} parts of {BLOB_PART_BYTES:,} bytes")
    return BlobPart(_text(values["blob"], "blob"), _count(part + 1, "part") - 1, of, data)


def _end(values: dict[str, Any]) -> End:
    return End(_count(values["operations"] + 1, "operations") - 1)


_READERS: dict[str, Callable[[dict[str, Any]], Item]] = {
    "author": _entry,
    "blob": _blob,
    "format": _header,
    "end": _end,
}
_OF_NODE: dict[str, type] = dict.fromkeys(
    ("node_kind", "parent", "position", "name", "lead", "text"), str
) | {"meta": dict}
_OF_EDGE: dict[str, type] = dict.fromkeys(("from", "to", "kind"), str)


def _require_payload(kind: str, payload: Any) -> None:
    """Refuse a payload of other fields than the kind has, or with values of other types."""
    known = _OF_EDGE if OperationKind(kind).is_of_edge else _OF_NODE
    for key, value in payload.items():
        if key not in known:
            raise ValueError(f"the payload has the unknown field {key!r}")
        if not isinstance(value, known[key]):
            raise TypeError(f"the payload's {key!r} is of the wrong type")


def _count(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _SEQ_MAX:
        raise ValueError(f"{name!r} is no number from 1 to {_SEQ_MAX}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or "\0" in value or not _is_unicode(value):
        raise ValueError(f"{name!r} is no text")
    return value


def _author(value: Any) -> str:
    author = _text(value, "author")
    if not 1 <= len(author) <= 200:
        raise ValueError("'author' is empty or longer than 200 characters")
    return author


def _is_unicode(value: str) -> bool:
    return value.encode(errors="replace").decode() == value


def _vector(value: Any, name: str) -> dict[str, int]:
    if not isinstance(value, dict):
        raise TypeError(f"{name!r} is no vector")
    return {_author(author): _count(seq, author) for author, seq in value.items()}


def parse_vector(text: str) -> dict[str, int]:
    """Return the vector of a JSON object such as `{"3f9a01bc:9d2e11aa07c4e5f6#0": 17}`.

    Raises:
        ValueError: it is none; the message says why.
    """
    try:
        return _vector(json.loads(text), "it")
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
