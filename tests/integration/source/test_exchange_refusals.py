"""A file of operations that cannot be taken: one clear sentence, and nothing of it is kept."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from swarm_workers.protocols import TreeFile
from swarm_workers.source.log import wire
from swarm_workers.source.log.errors import (
    AlteredOperationError,
    MissingOperationsError,
    OperationsFileError,
    RunawayLamportError,
    UnknownNodeError,
)
from swarm_workers.source.log.receiving import LAMPORT_LEAP_MAX
from tasks_schema.ids import NodeId
from tasks_schema.kinds import OperationKind
from tasks_schema.messages.source import Operation, Stamp
from tests.support.hubs import Hub, file_of, line_of
from tests.support.operation_files import (
    BRANCH,
    EDGE,
    FILE,
    LINE,
    SOUND,
    changed,
    with_payload,
    without,
)

BLOB = next(wire.blob_lines("0" * 64, b"bytes"))


def test_a_file_that_cannot_be_taken_leaves_nothing(hub: Hub) -> None:
    late = [*SOUND[:2], line_of(LINE, lamport=5), line_of(EDGE), SOUND[4]]
    two_parts = BLOB.replace(b'"of":1', b'"of":2')
    second_part = BLOB.replace(b'"part":0', b'"part":1')
    before = hub.sizes()
    for lines, reason in (
        ([], "line 1 .* was cut off"),
        (SOUND[:-1], "line 5 .* was cut off"),
        ([*SOUND, b"{}"], "line 6 .* comes after the end"),
        (with_payload(2, parent=17), "line 3 .* 'parent' is of the wrong type"),
        (late, "line 4 .* goes back in the time of 'far#0'"),
        ([*SOUND[:1], BLOB, *SOUND[1:]], "line 2 .* ends a blob that is not '000"),
        ([*SOUND[:1], two_parts, *SOUND[1:]], "line 6 .* comes too early for blob"),
        ([*SOUND[:1], second_part, *SOUND[1:]], "line 2 .* out of its place"),
        ([*SOUND[:1], BLOB.replace(b"Ynl", b"*"), *SOUND[1:]], "line 2 .* not in base64"),
        ([*SOUND[:1], BLOB.replace(b'"of":1', b'"of":1001'), *SOUND[1:]], "at most 1000 parts"),
        (with_payload(2, node_kind="blob", text="0" * 64), "line 5 .* without the bytes of node"),
    ):
        with pytest.raises(OperationsFileError, match=reason):
            hub.log.import_lines(lines)
        assert hub.sizes() == before, reason
    assert hub.log.import_lines(SOUND).operations == 3


def test_operations_on_what_nobody_inserted_are_refused(hub: Hub) -> None:
    before = hub.sizes()
    update = Operation(
        OperationKind.NODE_UPDATE, NodeId(uuid.uuid4()), text="x", stamp=Stamp(3, "far#0", 3)
    )
    orphan = replace(LINE, parent=NodeId(uuid.uuid4()))
    for operations in ([FILE, LINE, update], [FILE, orphan]):
        with pytest.raises(UnknownNodeError):
            hub.log.import_lines(file_of(BRANCH, operations))
        assert hub.sizes() == before


def test_operations_whose_predecessors_are_missing_are_refused(hub: Hub) -> None:
    before = hub.sizes()
    with pytest.raises(MissingOperationsError, match=r"operation 3 of 'far#0' .* where 1 of"):
        hub.log.import_lines(without(2))
    with pytest.raises(MissingOperationsError, match=r"operation 4 of 'far#0' .* where 0 of"):
        hub.log.import_lines(changed(0, since={"far#0": 3}))
    assert hub.sizes() == before


def test_a_lamport_time_that_nobody_can_have_come_to_is_refused(hub: Hub) -> None:
    before = hub.sizes()
    late = [replace(LINE, stamp=Stamp(2 + LAMPORT_LEAP_MAX, "far#0", 2))]
    with pytest.raises(RunawayLamportError, match=f"time {2 + LAMPORT_LEAP_MAX}, where"):
        hub.log.import_lines(file_of(BRANCH, [FILE, *late]))
    assert hub.sizes() == before
    honest = replace(LINE, stamp=Stamp(1 + LAMPORT_LEAP_MAX, "far#0", 2))
    hub.log.import_lines(file_of(BRANCH, [FILE, honest]))
    landed = hub.land(BRANCH, {"b.txt": TreeFile(b"b")})
    assert landed.version_vector["far#0"] == 2, "whoever lands later wins over it"


def test_an_operation_that_was_altered_is_refused(hub: Hub) -> None:
    hub.log.import_lines(SOUND)
    before = hub.sizes()
    for lines in (
        with_payload(2, text="other"),
        changed(2, lamport=3),
        changed(2, node=str(uuid.uuid4())),
        changed(2, kind="node_move"),
    ):
        with pytest.raises(AlteredOperationError, match=r"operation 2 of 'far#0' differs"):
            hub.log.import_lines(lines)
    twice = [*SOUND[:4], line_of(replace(EDGE, stamp=Stamp(4, "far#0", 4))), wire.end_line(4)]
    forged = [*SOUND[:4], line_of(EDGE, seq=4), line_of(EDGE, seq=4, lamport=4), wire.end_line(5)]
    with pytest.raises(AlteredOperationError, match=r"operation 4 of 'far#0' differs"):
        hub.log.import_lines(forged)
    assert hub.sizes() == before
    assert hub.log.import_lines(twice).operations == 1


def test_operations_that_claim_to_be_of_this_database_are_refused(hubs: tuple[Hub, Hub]) -> None:
    ours, theirs = hubs
    branch = ours.store.import_tree({"a.txt": TreeFile(b"a")}, name="x").branch_id
    ours.send(branch, theirs)
    (author,) = ours.log.vector(branch)
    last = ours.log.vector(branch)[author]
    claimed = replace(FILE, stamp=Stamp(2, author, last + 1))
    before = ours.sizes()
    header = json.dumps(json.loads(SOUND[0]) | {"branch": branch}).encode()
    lines = [header, line_of(claimed), wire.end_line(1)]
    with pytest.raises(AlteredOperationError, match="is said to be of this store"):
        ours.log.import_lines(lines)
    assert ours.sizes() == before
    assert theirs.log.import_lines(lines).operations == 1


def test_a_copy_of_one_folder_believes_nobody_about_what_was_written_here(
    hubs: tuple[Hub, Hub],
) -> None:
    ours, theirs = hubs
    tree = {"pkg/a.txt": TreeFile(b"a"), "b.txt": TreeFile(b"b")}
    branch = ours.store.import_tree(tree, name="x").branch_id
    ours.send(branch, theirs, "pkg")
    theirs.land(branch, {"pkg/a.txt": TreeFile(b"c")})
    (own,) = theirs.log.vector(branch).keys() - ours.log.vector(branch).keys()
    (first, *rest) = ours.log.export(branch, None, "pkg")
    header = json.loads(first)
    forged = json.dumps(header | {"until": header["until"] | {own: 7}}).encode()
    before = theirs.sizes()
    with pytest.raises(AlteredOperationError, match=r"operation 7 of .* is said to be of this"):
        theirs.log.import_lines([forged, *rest])
    assert theirs.sizes() == before
    theirs.land(branch, {"pkg/a.txt": TreeFile(b"d")})
    assert theirs.send(branch, ours) == 2


def test_what_comes_twice_changes_nothing(hub: Hub) -> None:
    first = hub.log.import_lines(SOUND)
    before = hub.sizes()
    again = hub.log.import_lines(SOUND)
    assert (again.operations, again.known, again.landing) == (0, 3, first.landing)
    assert hub.sizes() == before
    assert hub.store.checkout(BRANCH) == {"a.txt": TreeFile(b"words\n")}


def test_a_slow_sender_keeps_nobody_from_the_branch(hub: Hub) -> None:
    hub.log.import_lines(SOUND)
    impatient = Hub(f"{hub.url}?options=-c%20lock_timeout%3D2000")

    def lines() -> Iterator[bytes]:
        yield from SOUND[:3]
        impatient.land(BRANCH, {"b.txt": TreeFile(b"b")})
        yield from SOUND[3:]

    assert hub.log.import_lines(lines()).landing == 1
    impatient.engine.dispose()


def test_an_import_that_breaks_off_leaves_nothing_and_can_be_begun_again(hub: Hub) -> None:
    class BrokenOffError(Exception):
        pass

    def lines() -> Iterator[bytes]:
        yield from SOUND[:3]
        raise BrokenOffError

    before = hub.sizes()
    with pytest.raises(BrokenOffError):
        hub.log.import_lines(lines())
    assert hub.sizes() == before
    assert hub.log.import_lines(SOUND).operations == 3
