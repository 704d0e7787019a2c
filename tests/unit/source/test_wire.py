"""Lines of operations: what was written is read, and a line that cannot be taken is named."""

import json
import random

import pytest

from swarm_workers.source.log import wire
from swarm_workers.source.log.errors import OperationsFileError
from swarm_workers.source.log.wire import BlobPart, Entry, Header
from swarm_workers.source.log.wire_reading import LINE_BYTES_MAX, parse_vector, read_items
from tests.support.histories import PLAIN, history
from tests.support.hubs import file_of
from tests.support.operation_files import BRANCH, FILE, LINE, SOUND, changed, with_payload


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        ([], 1, "was cut off"),
        (SOUND[:-1], 5, "was cut off"),
        (SOUND[1:], 1, "not where it belongs"),
        ([*SOUND[:2], *SOUND], 3, "not where it belongs"),
        ([*SOUND, b"{}"], 6, "comes after the end"),
        ([*SOUND[:2], b"{", *SOUND[2:]], 3, "is not JSON"),
        ([*SOUND[:2], b"[" * 100_000, *SOUND[2:]], 3, "is not JSON"),
        ([*SOUND[:2], b"\xff", *SOUND[2:]], 3, "is not JSON"),
        ([*SOUND[:2], b"17", *SOUND[2:]], 3, "is not a JSON object"),
        ([*SOUND[:2], b"{}", *SOUND[2:]], 3, "is neither operation nor blob"),
        ([*SOUND[:2], b" " * (LINE_BYTES_MAX + 1)], 3, "is longer than 33,554,432 bytes"),
        ([*SOUND[:3], wire.end_line(3)], 4, "speaks of 3 operations, where there were 2"),
        (changed(0, format="swarm-operations-9"), 1, "the format is 'swarm-operations-9'"),
        (changed(0, branch="main"), 1, "does not make sense"),
        (changed(0, since=[1]), 1, "'since' is no vector"),
        (changed(0, until={"far#0": 0}), 1, "is no number from 1"),
        (changed(1, author=""), 2, "'author' is empty"),
        (changed(1, author="nul \0"), 2, "'author' is no text"),
        (changed(1, lamport=True), 2, "'lamport' is no number"),
        (changed(1, lamport=2**53 + 1), 2, "'lamport' is no number"),
        (changed(1, seq=-1), 2, "'seq' is no number"),
        (changed(1, kind="node_eat"), 2, "'node_eat' is not a valid OperationKind"),
        (changed(1, node="a"), 2, "does not make sense"),
        (changed(1, attempt="x"), 2, "does not make sense"),
        (changed(1, payload=[]), 2, "does not make sense"),
        (with_payload(1, name="../up"), 2, "no file can be called"),
        (with_payload(1, name=17), 2, "'name' is of the wrong type"),
        (with_payload(1, owner="x"), 2, "unknown field 'owner'"),
        (with_payload(1, meta={**PLAIN, "x": "\0"}), 2, "unknown field 'x'"),
        (with_payload(1, text="\ud800"), 2, "no text in Postgres can"),
        (with_payload(1, node_kind="house"), 2, "'house' is not a valid NodeKind"),
        (with_payload(1, meta={}), 2, "which 'format'"),
        (with_payload(3, kind="hates"), 4, "'hates' is not a valid EdgeKind"),
        (with_payload(3, **{"from": str(FILE.node_id)}), 4, "does not start at the node"),
        (with_payload(2, parent=str(LINE.node_id)), 3, "where no node can be"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named(lines: list[bytes], line: int, reason: str) -> None:
    told = f"line {line} of the operations .*{reason}.*; nothing of it was taken in"
    with pytest.raises(OperationsFileError, match=told) as caught:
        list(read_items(lines))
    assert caught.value.line == line


def test_operations_are_read_as_they_were_written() -> None:
    for seed in range(20):
        operations = history(seed).operations
        (_, header), *items, _ = read_items(file_of(BRANCH, operations))
        assert isinstance(header, Header)
        assert str(header.branch_id) == BRANCH
        entries = [item for _, item in items if isinstance(item, Entry)]
        assert [entry.operation for entry in entries] == sorted(operations, key=lambda o: o.stamp)
    assert parse_vector(json.dumps(header.until)) == header.until


@pytest.mark.parametrize("size", [0, 1, wire.BLOB_PART_BYTES, 2 * wire.BLOB_PART_BYTES + 1])
def test_a_blob_is_written_in_lines_of_bounded_length(size: int) -> None:
    data = random.Random(size).randbytes(size)
    lines = list(wire.blob_lines("f" * 64, data))
    assert max(map(len, lines)) < 2 * wire.BLOB_PART_BYTES
    parts = [item for _, item in read_items([SOUND[0], *lines, wire.end_line(0)])][1:-1]
    assert all(isinstance(part, BlobPart) and part.of == len(lines) for part in parts)
    assert b"".join(part.data for part in parts) == data


@pytest.mark.parametrize(
    "text", ["", "[]", "17", '{"a": 0}', '{"a": "b"}', '{"": 1}', "{", "[" * 9999]
)
def test_what_is_no_vector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_vector(text)
