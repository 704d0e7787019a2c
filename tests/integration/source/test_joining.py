"""Several changes brought onto one head, and landed at once or not at all."""

import uuid

import pytest

from swarm_workers.protocols import TreeFile
from swarm_workers.source.errors import EmptyLandingError, StaleOperationError
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Change, ClashKind, Conflict, HeadMoved

TREE = {"a.py": TreeFile(b"x = 1\n\n\ny = 1\n"), "b.py": TreeFile(b"z = 1\n")}


@pytest.fixture
def branch(store: SourceStore) -> str:
    return store.import_tree(TREE, name="demo").branch_id


def change(store: SourceStore, branch: str, path: str, data: bytes, base: int = 0) -> Change:
    operations = store.propose(branch, base, {path: TreeFile(data)})
    return Change(base, operations, "a", uuid.uuid4())


def test_changes_of_one_file_are_joined_one_after_another(store: SourceStore, branch: str) -> None:
    first = change(store, branch, "a.py", b"x = 2\n\n\ny = 1\n")
    second = change(store, branch, "a.py", b"x = 1\n\n\ny = 2\n")
    joined = store.join(branch, [first, second])
    assert joined.changes == {"a.py": TreeFile(b"x = 2\n\n\ny = 2\n")}
    assert joined.parts == (first.operations, second.operations)


def test_what_clashes_with_one_before_it_is_left_out_and_told_from_a_clash_with_the_head(
    store: SourceStore, branch: str
) -> None:
    first = change(store, branch, "a.py", b"x = 2\n\n\ny = 1\n")
    second = change(store, branch, "a.py", b"x = 3\n\n\ny = 1\n")
    third = change(store, branch, "b.py", b"z = 3\n")
    joined = store.join(branch, [first, second, third])
    assert sorted(joined.changes) == ["a.py", "b.py"]
    left_out = joined.parts[1]
    assert isinstance(left_out, Conflict)
    assert not left_out.is_with_head
    store.land_all(branch, expected_head=0, changes=[first], exit_status=0)
    again = store.join(branch, [second]).parts[0]
    assert isinstance(again, Conflict)
    assert again.is_with_head
    assert [clash.kind for clash in again.clashes] == [ClashKind.SAME_REGISTER]


def test_changes_on_older_landings_are_joined_with_those_on_the_head(
    store: SourceStore, branch: str
) -> None:
    old = change(store, branch, "a.py", b"x = 1\n\n\ny = 5\n")
    store.land_all(
        branch,
        expected_head=0,
        changes=[change(store, branch, "b.py", b"z = 2\n")],
        exit_status=0,
    )
    new = change(store, branch, "b.py", b"z = 7\n", base=1)
    joined = store.join(branch, [old, new])
    landed = store.land_all(branch, expected_head=1, changes=[old, new], exit_status=0)
    assert isinstance(landed, list)
    assert [each.number for each in landed] == [2, 3]
    assert store.checkout(branch) == {**TREE, **joined.changes}


def test_of_changes_landed_at_once_all_are_there_or_none(store: SourceStore, branch: str) -> None:
    good = change(store, branch, "a.py", b"x = 2\n\n\ny = 1\n")
    empty = Change(0, (), "a", uuid.uuid4())
    with pytest.raises(EmptyLandingError):
        store.land_all(branch, expected_head=0, changes=[good, empty], exit_status=0)
    insert = change(store, branch, "c.py", b"")
    twice = Change(0, insert.operations, "a", uuid.uuid4())
    with pytest.raises(StaleOperationError):
        store.land_all(branch, expected_head=0, changes=[good, insert, twice], exit_status=0)
    assert store.head(branch).number == 0
    assert store.checkout(branch) == TREE


def test_what_is_not_wanted_any_more_or_has_landed_in_part_lands_not_at_all(
    store: SourceStore, branch: str
) -> None:
    first = change(store, branch, "a.py", b"x = 2\n\n\ny = 1\n")
    second = change(store, branch, "b.py", b"z = 2\n")

    def land(*changes: Change, head: int, is_wanted: bool = True) -> object:
        return store.land_all(
            branch, expected_head=head, changes=changes, exit_status=0,
            is_wanted=lambda _connection: is_wanted,
        )  # fmt: skip

    assert land(first, second, head=0, is_wanted=False) == HeadMoved(0)
    landed = land(first, head=0)
    assert land(first, second, head=1) == HeadMoved(1)
    assert land(first, head=1) == landed, "an attempt lands once"
