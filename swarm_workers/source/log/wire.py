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
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from swarm_workers.source.log.vectors import Vector
from tasks_schema.messages.source import Operation

FORMAT = "swarm-operations-1"
BLOB_PART_BYTES = 1 << 20
BLOB_PARTS_MAX = 1000
"""Postgres takes no value of a GiB, and a blob is in memory whole while it is read."""


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


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"
