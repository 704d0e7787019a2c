"""Two databases, apart and then together: what each lacks is sent, and both come to be the same."""

import json
import random
import tracemalloc
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from swarm_workers.protocols import TreeFile
from swarm_workers.source.log.errors import OtherScopeError, UnknownScopeError
from swarm_workers.source.log.pushing import FUNCTION_SIZE_MAX
from swarm_workers.source.log.vectors import Order, compare, missing
from swarm_workers.source.reading import state_of
from swarm_workers.source.registers import apply_operations, apply_to_edges
from swarm_workers.source.rows import node_of, operation_of, place_of
from swarm_workers.source.shape import HIDDEN, shape_of
from tasks_schema.kinds import OperationKind
from tasks_schema.messages.source import Operation
from tests.support.histories import History, history
from tests.support.hubs import Hub, file_of

TREE = {
    "README.md": TreeFile(b"# Title\n\nWords.\n"),
    "bin/run": TreeFile(b"#!/bin/sh\n", is_executable=True),
    "data/big": TreeFile(random.Random(1).randbytes(2_500_000)),
    "data/link": TreeFile(b"", link_target="big"),
    "pkg/a.py": TreeFile(b"import os\n\n\ndef f(a):\n    return a\n"),
    "pkg/b.py": TreeFile(b"class B:\n    x = 1\n\n    def g(self):\n        return self.x\n"),
}


def require_equal(left: Hub, right: Hub, branch: str) -> None:
    assert compare(left.log.vector(branch), right.log.vector(branch)) is Order.EQUAL
    assert left.contents(branch) == right.contents(branch)
    assert left.store.checkout(branch) == right.store.checkout(branch)


def require_model(hub: Hub, branch: str, operations: list[Operation]) -> None:
    nodes = apply_operations({}, operations)
    shape = shape_of(nodes)
    with hub.engine.connect() as connection:
        state = state_of(connection, branch, None)
        rows = connection.execute(state.select("n.*", "TRUE")).all()
        log = connection.execute(text("SELECT * FROM operations")).all()
    assert {row.node_id: node_of(row) for row in rows} == nodes
    places = {node_id: shape.places.get(node_id, HIDDEN) for node_id in nodes}
    assert {row.node_id: place_of(row) for row in rows} == places
    held = [operation_of(row) for row in log]
    assert apply_to_edges({}, held) == apply_to_edges({}, operations)


def test_two_databases_with_different_locales_converge(two_hubs: tuple[Hub, Hub]) -> None:
    ours, theirs = two_hubs
    branch = ours.store.import_tree(TREE, name="shared").branch_id
    first = ours.send(branch, theirs)
    assert first == len(
        ours.store._engine.connect().execute(text("SELECT 1 FROM operations")).all()
    )
    require_equal(ours, theirs, branch)
    ours.land(branch, {"pkg/a.py": TreeFile(b"import os\n\n\ndef f(a):\n    return a + 1\n")})
    ours.land(branch, {"new.txt": TreeFile(b"ours\n"), "data/big": TreeFile(b"\0other")})
    theirs.land(branch, {"pkg/b.py": TreeFile(b"class B:\n    x = 2\n"), "README.md": None})
    theirs.land(branch, {"new.txt": TreeFile(b"theirs\n")})
    assert compare(ours.log.vector(branch), theirs.log.vector(branch)) is Order.CONCURRENT
    lacking = sum(map(len, missing(theirs.log.vector(branch), ours.log.vector(branch))))
    assert ours.send(branch, theirs) == lacking < first
    theirs.send(branch, ours)
    require_equal(ours, theirs, branch)
    files = ours.store.checkout(branch)
    assert files["pkg/a.py"].data.endswith(b"return a + 1\n")
    assert files["pkg/b.py"].data == b"class B:\n    x = 2\n"
    assert "README.md" not in files
    twins = sorted(path for path in files if path.startswith("new.txt"))
    assert len(twins) == 2, "both made a file of one name: both are kept, one of them renamed"
    assert ours.send(branch, theirs) == theirs.send(branch, ours) == 0
    require_equal(ours, theirs, branch)


def test_what_two_databases_push_is_exchanged_as_what_they_land(
    two_hubs: tuple[Hub, Hub],
) -> None:
    ours, theirs = two_hubs
    branch = ours.store.import_tree(TREE, name="shared").branch_id
    ours.send(branch, theirs)
    for hub, name in ((ours, "ours"), (theirs, "theirs")):
        lines = b"".join(b"line %d\n\n" % at for at in range(FUNCTION_SIZE_MAX))
        for changes in ({name: TreeFile(b"one\n")}, {f"{name}.long": TreeFile(lines)}):
            operations = hub.store.propose(branch, 0, changes)
            pushed = hub.log.push(branch, operations, base=0, push_id=uuid.uuid4())
            assert pushed.last_seq - pushed.first_seq + 1 == len(operations)
        assert len(operations) > FUNCTION_SIZE_MAX
        assert name not in hub.store.checkout(branch)
        hub.log.seal(branch)
    ours.send(branch, theirs)
    theirs.send(branch, ours)
    require_equal(ours, theirs, branch)
    assert {"ours", "ours.long", "theirs", "theirs.long"} <= ours.store.checkout(branch).keys()


def closed(told: History, chance: random.Random) -> list[Operation]:
    """Return an operation and all that its hub had seen: what some export could have held."""
    last = chance.choice(told.operations)
    held = told.before[last.stamp] | {last.stamp}
    return [each for each in told.operations if each.stamp in held]


def require_histories(hubs: tuple[Hub, Hub], seeds: range) -> None:
    for seed in seeds:
        told, chance = history(seed), random.Random(seed)
        branch = str(uuid.UUID(int=chance.getrandbits(122)))
        for hub in hubs:
            for _ in range(chance.randrange(1, 6)):
                hub.log.import_lines(file_of(branch, closed(told, chance)))
        hubs[0].send(branch, hubs[1])
        hubs[1].send(branch, hubs[0])
        require_equal(*hubs, branch)
        for hub in hubs:
            hub.log.import_lines(file_of(branch, told.operations))
            with hub.engine.begin() as connection:
                require_model(hub, branch, told.operations)
                for table in ("operations", "edges"):
                    connection.execute(text(f"DELETE FROM {table}"))
        require_equal(*hubs, branch)


def test_what_many_hubs_wrote_converges_from_wherever_it_comes(two_hubs: tuple[Hub, Hub]) -> None:
    require_histories(two_hubs, range(6))


@pytest.mark.soak
def test_a_hundred_histories_of_many_hubs_converge(two_hubs: tuple[Hub, Hub]) -> None:
    require_histories(two_hubs, range(1000, 1100))


def test_a_copy_of_one_folder_holds_that_and_gives_back_its_changes(hubs: tuple[Hub, Hub]) -> None:
    ours, theirs = hubs
    branch = ours.store.import_tree(TREE, name="shared").branch_id
    all_of_it = sum(ours.log.vector(branch).values())
    assert ours.send(branch, theirs, "pkg") < all_of_it
    inside = {path: file for path, file in TREE.items() if path.startswith("pkg/")}
    assert theirs.store.checkout(branch) == inside
    assert compare(ours.log.vector(branch), theirs.log.vector(branch)) is Order.EQUAL

    moved = {
        "bin/run": None,
        "pkg/run": TREE["bin/run"],
        "pkg/b.py": None,
        "b.py": TREE["pkg/b.py"],
    }
    ours.land(branch, moved)
    ours.land(branch, {"README.md": TreeFile(b"outside\n")})
    theirs.land(branch, {"pkg/a.py": TreeFile(b"import sys\n"), "pkg/new.py": TreeFile(b"y = 1\n")})
    ours.send(branch, theirs, "pkg")
    ours.land(branch, {"b.py": TreeFile(b"z = 1\n")})
    ours.send(branch, theirs, "pkg")
    expected = {"pkg/a.py": b"import sys\n", "pkg/new.py": b"y = 1\n", "pkg/run": b"#!/bin/sh\n"}
    expected |= {"b.py": b"z = 1\n"}  # what left the folder is followed
    assert {path: file.data for path, file in theirs.store.checkout(branch).items()} == expected
    assert 0 < theirs.send(branch, ours) < 10
    files = ours.store.checkout(branch)
    assert expected.items() <= {path: file.data for path, file in files.items()}.items()
    assert files["README.md"].data == b"outside\n"

    before = theirs.sizes()
    lines = list(ours.log.export(branch, {}, "pkg"))
    assert theirs.log.import_lines(lines).landing == theirs.store.head(branch).number
    assert theirs.sizes() == before, "what it had already changes nothing"
    with pytest.raises(OtherScopeError, match="limited to 'pkg', the operations are whole"):
        theirs.log.import_lines(ours.log.export(branch))
    with pytest.raises(UnknownScopeError, match=r"has no 'pkgs'; near are pkg"):
        list(ours.log.export(branch, {}, "pkgs"))


def test_a_copy_of_one_folder_goes_on_though_old_landings_were_purged(
    hubs: tuple[Hub, Hub],
) -> None:
    ours, theirs = hubs
    tree = TREE | {"pkg/c.py": TreeFile(b"def c():\n    return 0\n")}
    branch = ours.store.import_tree(tree, name="shared").branch_id
    ours.send(branch, theirs, "pkg")
    left = {"pkg/a.py": TreeFile(b"import os\n"), "pkg/b.py": None}
    left |= {"pkg/c.py": None, "c.py": tree["pkg/c.py"]}
    ours.land(branch, left)
    ours.log.purge(branch, 1)
    with ours.engine.connect() as connection:
        query = "SELECT count(*) FROM nodes WHERE landing_to <= 1 AND lead || text <> ''"
        assert connection.execute(text(query)).scalar() == 0, "what was forgotten has no text"
    for landing, horizon in ((1, 1), (2, 1), (3, 3)):
        if landing > 1:
            ours.land(branch, {"c.py": TreeFile(b"def c():\n    return %d\n" % landing)})
        assert ours.log.purge(branch, horizon) == horizon
        ours.send(branch, theirs, "pkg")
        held = theirs.store.checkout(branch)
        assert sorted(held) == ["c.py", "pkg/a.py"]
        assert held.items() <= ours.store.checkout(branch).items()


def test_a_scope_may_be_a_module(hub: Hub) -> None:
    tree = {f"src/{path}": file for path, file in TREE.items()}
    tree |= {"src/pkg/sub/__init__.py": TreeFile(b""), "src/pkg/sub/c.py": TreeFile(b"c = 1\n")}
    tree |= {"src/bare/deep/d.py": TreeFile(b"d = 1\n")}
    branch = hub.store.import_tree(tree, name="modules").branch_id
    for scope, path in (
        ("pkg.a", "src/pkg/a.py"),
        ("pkg", "src/pkg"),
        ("pkg.sub", "src/pkg/sub"),
        ("bare", "src/bare"),
        ("bare.deep", "src/bare/deep"),
        ("src/data", "src/data"),
    ):
        first, *_ = hub.log.export(branch, {}, scope)
        assert json.loads(first)["scope"] == path
    with pytest.raises(UnknownScopeError):
        list(hub.log.export(branch, {}, "pkg.none"))


def test_an_export_since_a_landing_holds_what_came_after_it(hubs: tuple[Hub, Hub]) -> None:
    ours, theirs = hubs
    branch = ours.store.import_tree(TREE, name="shared").branch_id
    lines = list(ours.log.export(branch))
    ours.land(branch, {"README.md": TreeFile(b"one\n")})
    assert theirs.log.import_lines(lines).landing == 0
    rest = list(ours.log.export(branch, 0))
    assert len(rest) < 8
    theirs.log.import_lines(rest)
    require_equal(ours, theirs, branch)
    fork = ours.store.fork(branch, 1)
    ours.land(fork, {"README.md": TreeFile(b"fork\n")})
    ours.send(fork, theirs)
    require_equal(ours, theirs, fork)
    assert theirs.store.checkout(branch)["README.md"].data == b"one\n"


def test_an_encoding_that_one_hub_changes_and_another_outgrows_does_not_break_reading(
    hubs: tuple[Hub, Hub],
) -> None:
    ours, theirs = hubs
    branch = ours.store.import_tree({"a.py": TreeFile(b"# -*- x -*-\nx = 1\n")}, name="e").branch_id
    ours.send(branch, theirs)
    ours.land(branch, {"a.py": TreeFile(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n")})
    theirs.land(branch, {"a.py": TreeFile("# -*- x -*-\nx = 1\ny = '\u03a9'\n".encode())})
    ours.send(branch, theirs)
    theirs.send(branch, ours)
    require_equal(ours, theirs, branch)
    assert "\u03a9" in ours.store.checkout(branch)["a.py"].data.decode()
    vector = ours.log.vector(branch)
    assert ours.log.checkout_at(branch, vector) == ours.store.checkout(branch)


@pytest.mark.soak
def test_what_is_sent_is_never_in_memory_at_once(hubs: tuple[Hub, Hub]) -> None:
    ours, theirs = hubs
    branch = ours.store.import_tree({"a.txt": TreeFile(b"words\n")}, name="long").branch_id
    lines = [json.loads(line) for line in ours.log.export(branch)]
    (words,) = [line["node"] for line in lines if line.get("payload", {}).get("text")]
    for push in range(15):
        batch = [
            Operation(OperationKind.NODE_UPDATE, uuid.UUID(words), text=f"{push} {at} " * 300)
            for at in range(1_000)
        ]
        ours.log.push(branch, batch, base=0, push_id=uuid.uuid4())
    ours.log.seal(branch)
    sent = 0

    def measured() -> Iterator[bytes]:
        nonlocal sent
        for line in ours.log.export(branch):
            sent += len(line)
            yield line

    tracemalloc.start()
    assert theirs.log.import_lines(measured()).operations > 15_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 30_000_000
    assert peak < sent / 2
    require_equal(ours, theirs, branch)
