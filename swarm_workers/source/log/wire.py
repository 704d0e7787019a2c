"""Operations as lines of JSON: what one hub writes and another reads.

| line | holds |
|---|---|
| first | format, branch, name, the vectors `since` and `until`, the scope if it is limited to one |
| operation | author, seq, lamport, kind, node, attempt, payload |
| blob | SHA-256, which part of how many, bytes in base64; before the operation that names it |
| last | how many operations there were: a file that was cut off has none |

Pure: no I/O, no clock, no chance.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from swarm_workers.source.log.errors import OperationsFileError, UnsoundOperationError
from swarm_workers.source.log.soundness import require_sound
from swarm_workers.source.log.vectors import Vector
from tasks_schema.kinds import OperationKind
from tasks_schema.messages.source import Operation, Stamp

FORMAT = "swarm-operations-1"
BLOB_PART_BYTES = 1 << 20
LINE_BYTES_MAX = 32 << 20
"""Longer lines are refused: nothing that is written here comes near."""
_SEQ_MAX = 2**53
"""Numbers above are not the same in every reader of JSON."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file of operations is about."""

    branch_id: uuid.UUID
    name: str
    since: Vector
    """What the reader must have seen already."""
    until: Vector
    """What it has seen after it."""
    scope: str | None
    """The path of a folder or file, if nothing else is in it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation and the attempt that made it."""

    operation: Operation
    attempt_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class BlobPart:
    """A piece of a blob."""

    sha256: str
    part: int
    of: int
    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The last line."""

    operations: int


Item: TypeAlias = Header | Entry | BlobPart | End


def header_line(header: Header) -> bytes:
    """Return the first line."""
    return _line(
        {
            "format": FORMAT,
            "branch": str(header.branch_id),
            "name": header.name,
            "since": dict(sorted(header.since.items())),
            "until": dict(sorted(header.until.items())),
            "scope": header.scope,
        }
    )


def entry_line(row: Any) -> bytes:
    """Return the line of a row of the log."""
    return _line(
        {
            "author": row.author,
            "seq": row.author_seq,
            "lamport": row.lamport,
            "kind": row.kind,
            "node": str(row.node_id),
            "attempt": str(row.attempt_id) if row.attempt_id is not None else None,
            "payload": row.payload,
        }
    )


def blob_lines(sha256: str, data: bytes) -> Iterator[bytes]:
    """Yield the lines of a blob."""
    parts = max(1, -(-len(data) // BLOB_PART_BYTES))
    for part in range(parts):
        piece = data[part * BLOB_PART_BYTES : (part + 1) * BLOB_PART_BYTES]
        text = base64.b64encode(piece).decode()
        yield _line({"blob": sha256, "part": part, "of": parts, "base64": text})


def end_line(operations: int) -> bytes:
    """Return the last line."""
    return _line({"end": True, "operations": operations})


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


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


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
    if "\\u0000" in json.dumps(payload.get("meta", {})):
        raise ValueError("the meta holds a character that no text in Postgres can")


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
