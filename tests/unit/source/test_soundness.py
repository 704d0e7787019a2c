"""Operations that any tree can hold, and those that none can."""

import uuid
from dataclasses import replace

import pytest

from swarm_workers.source.log.errors import UnsoundOperationError
from swarm_workers.source.log.soundness import is_position, require_sound
from swarm_workers.source.positions import first_positions, positions_between
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, TRASH, Operation
from tests.support.histories import PLAIN, history

NODE = NodeId(uuid.UUID(int=9))


def insert(parent: NodeId, position: str = "a0", **fields: object) -> Operation:
    written = {"node_kind": NodeKind.STATEMENT, "name": "", "lead": "", "text": "x\n"} | fields
    if written["node_kind"] is NodeKind.FILE:
        written = {"meta": PLAIN} | written | {"name": written["name"] or "f"}
    node_id = NodeId(uuid.uuid4())
    return Operation(
        OperationKind.NODE_INSERT, node_id, parent=parent, position=position, **written
    )


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (insert(ROOT, "", node_kind=NodeKind.FILE, name="../up"), "no file can be called"),
        (insert(ROOT, "", node_kind=NodeKind.DIR, name=".git"), "no file can be called"),
        (insert(ROOT, "", node_kind=NodeKind.DIR, name="a/b"), "is a path"),
        (insert(ROOT, "", node_kind=NodeKind.DIR, name=""), "with nothing"),
        (insert(ROOT, "!"), "beside which nothing can be put"),
        (insert(ROOT, "b0"), "beside which nothing can be put"),
        (insert(ROOT, text="nul \0"), "no text in Postgres"),
        (insert(ROOT, lead="\udce9"), "no text in Postgres"),
        (replace(insert(ROOT), parent=None), "what it is and where"),
        (replace(insert(ROOT), kind=OperationKind.NODE_DELETE), "than the trash"),
        (Operation(OperationKind.NODE_MOVE, NodeId(uuid.uuid4())), "without saying where"),
        (replace(insert(ROOT), kind=OperationKind.NODE_UPDATE), "in an update"),
        (replace(insert(ROOT), node_id=TRASH), "where no node can be"),
        (Operation(OperationKind.NODE_UPDATE, NODE, position="a0"), "half a place"),
        (Operation(OperationKind.NODE_DELETE, NODE, parent=TRASH), "half a place"),
        (replace(insert(ROOT), meta={"x": "\ud800"}), "unknown field 'x'"),
        (
            replace(insert(ROOT, node_kind=NodeKind.FILE), meta=PLAIN | {"\ud800": float("nan")}),
            r"unknown field '\\ud800'",
        ),
        (
            replace(insert(ROOT, node_kind=NodeKind.FILE), meta=PLAIN | {"encoding": "utf\0"}),
            "unknown encoding",
        ),
        (replace(insert(ROOT), node_kind=NodeKind.FILE, name="f"), "which 'format'"),
        (replace(insert(ROOT), kind=OperationKind.NODE_MOVE, meta={}), "which 'format'"),
        (
            replace(insert(ROOT, node_kind=NodeKind.FILE), meta=PLAIN | {"encoding": "base64"}),
            "unknown encoding 'base64'",
        ),
        (
            replace(insert(ROOT, node_kind=NodeKind.FILE), meta=PLAIN | {"format": "odd"}),
            "unknown format 'odd'",
        ),
    ],
)
def test_what_no_tree_can_hold_is_refused(operation: Operation, reason: str) -> None:
    with pytest.raises(UnsoundOperationError, match=reason) as caught:
        require_sound(operation)
    assert caught.value.node_id == operation.node_id


def test_what_hubs_write_is_sound() -> None:
    for seed in range(30):
        for operation in history(seed).operations:
            require_sound(operation)


def test_every_position_that_is_given_out_is_one() -> None:
    positions = first_positions(5_000)
    positions += positions_between(positions[7], positions[8], 70, "0123abcd")
    positions += positions_between(None, positions[0], 70, "0123abcd")
    assert all(map(is_position, positions))
    assert not any(map(is_position, ["", "a", "b0", "Y1", "a.0", "a0!", 'a0"', "0a", "a0" * 9000]))
