"""The store as the fleet uses it, on a real Postgres."""

import threading
import uuid
from collections.abc import Mapping

import pytest
from sqlalchemy import Engine, create_engine, text

from swarm_workers.errors import ServiceUnreachableError
from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.errors import (
    EmptyLandingError,
    StaleOperationError,
    UnknownBranchError,
    UnknownLandingError,
    UnsafePathError,
)
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import ClashKind, Conflict, HeadMoved, Landing
from tests.support.stored import Merged, landings, merge

AUTH = b'''"""Auth."""
import os


def check(token):
    return token == "a"


class Session:
    """A session."""

    limit = 3

    def renew(self):
        self.limit += 1
        return self.limit
'''
TREE: dict[str, TreeFile] = {
    "README.md": TreeFile(b"# Title\n\nWords.\n\nMore words."),
    "bin/run": TreeFile(b"#!/bin/sh\necho hi\n", is_executable=True),
    "data/empty": TreeFile(b""),
    "data/image.png": TreeFile(b"\x89PNG\0\0\xff" * 9),
    "data/latest": TreeFile(b"", link_target="image.png"),
    "src/pkg/__init__.py": TreeFile(b""),
    "src/pkg/auth.py": TreeFile(AUTH),
    "src/pkg/crlf.py": TreeFile(b"x = 1\r\nif x:\r\n    y = 2\r\n"),
    "src/pkg/latin.py": TreeFile(b"# coding: latin-1\nname = '\xe9'\n"),
    "src/pkg/broken.py": TreeFile(b"def f(:\n  ]]\nx = 1\n\0"),
    "src/pkg/bom.py": TreeFile(b"\xef\xbb\xbfx = 1"),
    "tab\tand space/\u00e9\u00e9.txt": TreeFile("\u00e9\u2028\x0c\r\n".encode()),
}


def land(
    store: SourceStore, branch: str, base: int, changes: Mapping[str, TreeFile | None]
) -> Landing:
    landed = store.land(
        branch,
        expected_head=base,
        operations=store.propose(branch, base, changes),
        author="search-0001",
        attempt_id=uuid.uuid4(),
        exit_status=0,
    )
    assert isinstance(landed, Landing)
    return landed


def with_auth(old: bytes, new: bytes) -> dict[str, TreeFile]:
    assert old in AUTH
    return {"src/pkg/auth.py": TreeFile(AUTH.replace(old, new))}


def merged_tree(tree: Tree, merged: Merged) -> dict[str, TreeFile]:
    after = {**tree, **merged.changes}
    return {path: file for path, file in after.items() if file is not None}


def test_a_checkout_gives_back_every_byte_mode_and_link(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo")
    assert branch.landing == 0
    assert store.checkout(branch.branch_id) == TREE


def test_one_file_of_a_landing_is_what_the_checkout_has(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    land(store, branch, 0, {**with_auth(b'"a"', b'"b"'), "README.md": None})
    assert {path: store.read_file(branch, path, 0) for path in TREE} == TREE
    assert store.read_file(branch, "src/pkg/auth.py") == TreeFile(AUTH.replace(b'"a"', b'"b"'))
    assert store.read_file(branch, "README.md") is None
    assert store.read_file(store.fork(branch, 0), "README.md") == TREE["README.md"]


def test_an_empty_tree_can_be_imported_and_filled(store: SourceStore) -> None:
    branch = store.import_tree({}, name="nothing").branch_id
    assert store.checkout(branch) == {}
    land(store, branch, 0, TREE)
    assert store.checkout(branch) == TREE


def test_the_same_tree_is_imported_once(store: SourceStore, engine: Engine) -> None:
    first = store.import_tree(TREE, name="demo")
    with engine.connect() as connection:
        before = connection.execute(text("SELECT count(*) FROM nodes")).scalar()
    assert store.import_tree(dict(reversed(TREE.items())), name="again") == first
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM nodes")).scalar() == before


def test_imports_of_one_tree_at_once_give_one_branch(store: SourceStore) -> None:
    start = threading.Barrier(4)
    branches = []

    def bring_in() -> None:
        start.wait()
        branches.append(store.import_tree(TREE, name="demo"))

    threads = [threading.Thread(target=bring_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(branches) == 4
    assert len(set(branches)) == 1


def test_an_edit_of_one_statement_is_one_update(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    operations = store.propose(branch, 0, with_auth(b'== "a"', b'== "b"'))
    assert [operation.kind for operation in operations] == ["node_update"]
    assert operations[0].text == '    return token == "b"\n'


def test_a_landing_changes_the_head_and_leaves_older_ones(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    changes = {
        **with_auth(b'== "a"', b'== "b"'),
        "README.md": None,
        "data/empty": TreeFile(b"no more", is_executable=True),
        "data/image.png": TreeFile(b"\0\1"),
        "data/latest": TreeFile(b"a file now"),
        "new/deep/file.py": TreeFile(b"z = 1\n"),
        "bin/run": TreeFile(b"", link_target="../README.md"),
    }
    landed = land(store, branch, 0, changes)
    after = {path: file for path, file in {**TREE, **changes}.items() if file is not None}
    assert landed.number == 1
    assert store.checkout(branch) == after
    assert store.checkout(branch, 0) == TREE
    assert store.files_changed(branch, 0, 1) == set(changes)
    assert store.head(branch) == landed
    assert [each.number for each in landings(store, branch)] == [0, 1]


def test_every_landing_of_many_stays_readable(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    trees = [TREE]
    for number in range(6):
        extra = f"\n\ndef added_{number}():\n    return {number}\n".encode()
        source = trees[-1]["src/pkg/auth.py"].data
        source = source.replace(b"limit += 1", b"limit += 1 + 0") + extra
        changes = {"src/pkg/auth.py": TreeFile(source), f"f{number}": TreeFile(b"x")}
        land(store, branch, number, changes)
        trees.append({**trees[-1], **changes})
    for number, tree in enumerate(trees):
        assert store.checkout(branch, number) == tree


def test_a_fork_writes_no_nodes_and_goes_its_own_way(store: SourceStore, engine: Engine) -> None:
    origin = store.import_tree(TREE, name="demo").branch_id
    land(store, origin, 0, with_auth(b'== "a"', b'== "one"'))
    land(store, origin, 1, with_auth(b'== "a"', b'== "two"'))
    fork = store.fork(origin, 1)
    with engine.connect() as connection:
        own = text("SELECT count(*) FROM nodes WHERE branch_id = :fork")
        assert connection.execute(own, {"fork": fork}).scalar() == 0
    assert store.checkout(fork) == store.checkout(origin, 1)
    land(store, fork, 0, {"README.md": None, **with_auth(b'== "a"', b'== "fork"')})
    land(store, origin, 2, {"README.md": TreeFile(b"other")})
    again = store.fork(fork, 1)
    land(store, again, 0, {"bin/run": None})
    assert b'"fork"' in store.checkout(fork)["src/pkg/auth.py"].data
    assert "README.md" not in store.checkout(again)
    assert set(store.checkout(fork)) - set(store.checkout(again)) == {"bin/run"}
    assert b'"two"' in store.checkout(origin)["src/pkg/auth.py"].data
    assert store.checkout(fork, 0) == store.checkout(origin, 1)


def test_a_version_vector_covers_exactly_what_landed(store: SourceStore, engine: Engine) -> None:
    origin = store.import_tree(TREE, name="demo").branch_id
    landed = land(store, origin, 0, with_auth(b'== "a"', b'== "b"'))
    fork = store.fork(origin, 1)
    assert store.head(fork).version_vector == landed.version_vector
    ahead = land(store, fork, 0, {"x.txt": TreeFile(b"x")})
    assert ahead.version_vector.items() >= landed.version_vector.items()
    count = text("SELECT author, count(*) n, max(author_seq) m FROM operations GROUP BY author")
    with engine.connect() as connection:
        rows = connection.execute(count).all()
    assert {row.author: row.m for row in rows} == ahead.version_vector
    assert all(row.n == row.m for row in rows)


def test_a_landing_on_a_head_that_moved_is_refused(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    operations = store.propose(branch, 0, {"x.txt": TreeFile(b"x")})
    land(store, branch, 0, {"y.txt": TreeFile(b"y")})
    refused = store.land(
        branch,
        expected_head=0,
        operations=operations,
        author="a",
        attempt_id=uuid.uuid4(),
        exit_status=0,
    )
    assert refused == HeadMoved(1)
    assert "x.txt" not in store.checkout(branch)


def test_of_landings_at_once_one_lands_and_the_others_see_the_head_move(
    store: SourceStore,
) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    start = threading.Barrier(6)
    outcomes: list[Landing | HeadMoved] = []

    def attempt(number: int) -> None:
        operations = store.propose(branch, 0, {f"file{number}": TreeFile(b"x")})
        start.wait()
        landed = store.land(
            branch,
            expected_head=0,
            operations=operations,
            author=f"agent{number}",
            attempt_id=uuid.uuid4(),
            exit_status=0,
        )
        outcomes.append(landed)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["HeadMoved"] * 5 + ["Landing"]
    assert len(store.checkout(branch)) == len(TREE) + 1


def test_an_attempt_lands_once_however_often_it_is_landed(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    attempt = uuid.uuid4()
    operations = store.propose(branch, 0, {"x.txt": TreeFile(b"x")})

    def again() -> Landing | HeadMoved:
        return store.land(
            branch,
            expected_head=0,
            operations=operations,
            author="a",
            attempt_id=attempt,
            exit_status=0,
            note="adds x",
        )

    assert store.landing_of_attempt(attempt) is None
    first = again()
    land(store, branch, 1, {"y.txt": TreeFile(b"y")})
    assert again() == first == store.landing_of_attempt(attempt)
    assert store.head(branch).number == 2


def test_edits_of_two_statements_merge(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    ours = store.propose(branch, 0, with_auth(b"limit = 3", b"limit = 4"))
    land(store, branch, 0, with_auth(b'== "a"', b'== "b"'))
    merged = merge(store, branch, 0, ours)
    assert isinstance(merged, Merged)
    expected = AUTH.replace(b'== "a"', b'== "b"').replace(b"limit = 3", b"limit = 4")
    assert merged.changes == {"src/pkg/auth.py": TreeFile(expected)}
    before = store.checkout(branch)
    store.land(
        branch,
        expected_head=merged.head,
        operations=merged.operations,
        author="a",
        attempt_id=uuid.uuid4(),
        exit_status=0,
    )
    assert store.checkout(branch) == merged_tree(before, merged)


def test_two_edits_of_one_statement_conflict_and_show_all_three_texts(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    ours = store.propose(branch, 0, with_auth(b'== "a"', b'== "ours"'))
    land(store, branch, 0, with_auth(b'== "a"', b'== "theirs"'))
    conflict = merge(store, branch, 0, ours)
    assert isinstance(conflict, Conflict)
    (clash,) = conflict.clashes
    assert clash.kind is ClashKind.SAME_REGISTER
    assert clash.path == "src/pkg/auth.py"
    assert ['"a"' in clash.base, '"ours"' in clash.ours, '"theirs"' in clash.theirs] == [True] * 3


def test_the_same_edit_made_twice_leaves_nothing_to_land(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    both = {**with_auth(b'== "a"', b'== "b"'), "new.py": TreeFile(b"x = 1\n")}
    both["src/pkg/auth.py"] = TreeFile(both["src/pkg/auth.py"].data + b"\nimport sys\n")
    ours = store.propose(branch, 0, both)
    land(store, branch, 0, both)
    merged = merge(store, branch, 0, ours)
    assert merged == Merged(changes={}, operations=(), head=1)
    with pytest.raises(EmptyLandingError, match="already on the head"):
        store.land(
            branch,
            expected_head=1,
            operations=(),
            author="a",
            attempt_id=uuid.uuid4(),
            exit_status=0,
        )


def test_scopes_reach_from_packages_down_to_functions(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    package = store.paths_in_scope(branch, 0, ["pkg"])
    assert set(package) == {path for path in TREE if path.startswith("src/pkg/")}
    assert store.paths_in_scope(branch, 0, ["pkg.auth"]) == {"src/pkg/auth.py": None}
    renew = store.paths_in_scope(branch, 0, ["pkg.auth.Session.renew", "pkg.auth.check"])
    assert renew == {"src/pkg/auth.py": ((5, 6), (14, 16))}
    assert store.paths_in_scope(branch, 0, ["pkg.nope", "pkg.auth.nope"]) == {}
    assert {"pkg", "pkg.auth", "pkg.auth.Session.renew"} <= set(store.module_names(branch, 0))


def test_what_is_not_there_is_refused_by_name(store: SourceStore) -> None:
    unknown = str(uuid.uuid4())
    with pytest.raises(UnknownBranchError, match=unknown):
        store.head(unknown)
    with pytest.raises(UnknownBranchError, match="nonsense"):
        store.checkout("nonsense")
    branch = store.import_tree(TREE, name="demo").branch_id
    with pytest.raises(UnknownLandingError, match="no landing 7"):
        store.checkout(branch, 7)


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../../b", "a//b", "", "a/.", "nul\0"])
def test_a_path_that_leaves_the_tree_is_refused(store: SourceStore, path: str) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    with pytest.raises(UnsafePathError):
        store.propose(branch, 0, {path: TreeFile(b"x")})


def test_operations_that_do_not_fit_the_head_never_land(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="demo").branch_id
    update = store.propose(branch, 0, with_auth(b'== "a"', b'== "b"'))
    second = store.propose(branch, 0, {"new.py": TreeFile(b"")})
    land(store, branch, 0, {"src/pkg/auth.py": None, "new.py": TreeFile(b"x = 1\n")})
    for operations in (update, second):
        with pytest.raises(StaleOperationError):
            store.land(
                branch,
                expected_head=1,
                operations=operations,
                author="a",
                attempt_id=uuid.uuid4(),
                exit_status=0,
            )
    assert store.head(branch).number == 1


def test_prose_that_the_database_cannot_hold_does_not_stop_a_landing(store: SourceStore) -> None:
    branch = store.import_tree(TREE, name="nul \0 and \udce9").branch_id
    operations = store.propose(branch, 0, {"x": TreeFile(b"x")})
    landed = store.land(
        branch,
        expected_head=0,
        operations=operations,
        author="a",
        attempt_id=uuid.uuid4(),
        exit_status=0,
        note="AssertionError: '\0'",
    )
    assert isinstance(landed, Landing)
    assert landed.note == "AssertionError: '?'"
    store.fail(uuid.uuid4(), operations, "\0")


def test_a_server_that_does_not_answer_is_named() -> None:
    engine = create_engine("postgresql+psycopg://user:secret@127.0.0.1:1/none")
    with pytest.raises(ServiceUnreachableError, match=r"Postgres at 127\.0\.0\.1:1") as caught:
        SourceStore(engine).import_tree({}, name="x")
    assert "secret" not in str(caught.value)


def test_fifty_megabytes_on_one_line_are_carried_as_they_are(store: SourceStore) -> None:
    tree = {"data.py": TreeFile(b"x = '" + b"y" * 50_000_000 + b"'"), "a.py": TreeFile(b"x = 1\n")}
    branch = store.import_tree(tree, name="huge").branch_id
    assert store.checkout(branch) == tree
