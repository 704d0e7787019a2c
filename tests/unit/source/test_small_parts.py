"""Ids, names and messages."""

import uuid

import pytest

from swarm_workers.clock import RealClock
from swarm_workers.protocols import TreeFile
from swarm_workers.source.errors import StaleOperationError, UnsafePathError
from swarm_workers.source.fitting import require_fitting
from swarm_workers.source.merging import Side
from swarm_workers.source.node_ids import IdSource
from swarm_workers.source.tree_files import require_safe, require_storable, storable
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, Operation, Stamp

NODE = NodeId(uuid.UUID(int=77))


def insert(name: str, parent: NodeId = ROOT, node_id: NodeId = NODE) -> Operation:
    return Operation(
        OperationKind.NODE_INSERT, node_id, NodeKind.FILE, parent, "", name, "", "", {}
    )


def test_ids_rise_are_unlike_and_are_of_version_7() -> None:
    new_id = IdSource(RealClock())
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert {(each.version, each.variant) for each in ids} == {(7, uuid.RFC_4122)}


@pytest.mark.parametrize("path", ["a", "a/b c", ".github/x", "a.git", "caf\u00e9", "..."])
def test_ordinary_paths_are_safe(path: str) -> None:
    require_safe(path)


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "..", "a/./b", ".git/config", "x/.GIT"])
def test_paths_that_leave_the_tree_or_enter_git_are_not(path: str) -> None:
    with pytest.raises(UnsafePathError, match="cannot be a file in a tree"):
        require_safe(path)


@pytest.mark.parametrize("text", ["a\0b", "a\udce9b"])
def test_what_the_database_cannot_hold_is_refused_in_names_and_replaced_in_prose(text: str) -> None:
    with pytest.raises(UnsafePathError):
        require_safe(text)
    with pytest.raises(UnsafePathError):
        require_storable("link", TreeFile(b"", link_target=text))
    assert storable(text) == "a?b"


def test_a_name_with_a_slash_never_lands() -> None:
    with pytest.raises(UnsafePathError):
        require_fitting(Side.of({}), [insert("a/b")])


@pytest.mark.parametrize(
    ("operations", "reason"),
    [
        ([insert("a", parent=NodeId(uuid.UUID(int=5)))], "the head shows nothing"),
        ([Operation(OperationKind.NODE_UPDATE, NODE, text="x")], "does not show"),
        ([insert("a"), insert("a", node_id=NodeId(uuid.UUID(int=78)))], "a second file 'a'"),
    ],
)
def test_operations_that_do_not_fit_are_refused_with_the_reason(
    operations: list[Operation], reason: str
) -> None:
    with pytest.raises(StaleOperationError, match=reason):
        require_fitting(Side.of({}), operations)


def test_an_operation_survives_the_way_through_its_row() -> None:
    stamp = Stamp(3, "lane", 4)
    move = Operation(OperationKind.NODE_MOVE, NODE, parent=ROOT, position="a0", stamp=stamp)
    for operation in (move, insert("a")):
        again = Operation.of_payload(
            operation.kind.value, operation.node_id, operation.payload, operation.stamp
        )
        assert again == operation


def test_a_tree_may_be_deeper_than_our_own_stack() -> None:
    file = insert("deep.py")
    ids = [NodeId(uuid.UUID(int=100 + level)) for level in range(3_000)]
    inner = [
        Operation(
            OperationKind.NODE_INSERT, node_id, NodeKind.DEF, parent, "a0", "", "", f"{level}\n", {}
        )
        for level, (parent, node_id) in enumerate(zip([NODE, *ids], ids, strict=False))
    ]
    shape = Side.of({}).after([file, *inner]).shape
    assert [node.node_id for node in shape.beneath(NODE)] == ids
    assert shape.place(ids[-1]).file_id == NODE
