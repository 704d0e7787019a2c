"""What Postgres holds is what the pure model makes of the operations, and no more."""

import random
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, text

from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.reading import State, read_nodes, state_of
from swarm_workers.source.registers import apply_operations
from swarm_workers.source.rows import operation_of, place_of
from swarm_workers.source.shape import shape_of
from swarm_workers.source.store import SourceStore
from swarm_workers.source.tree_files import files_at
from swarm_workers.source.values import Conflict, HeadMoved, Landing
from tests.support.stored import landings, merge

_LOG = text("SELECT * FROM operations ORDER BY random()")
_MODULE = """import os


def first(a):
    return a


class Thing:
    def method(self):
        x = 1
        return x


def last():
    return None
"""
TREE: dict[str, TreeFile] = {
    "pkg/one.py": TreeFile(_MODULE.encode()),
    "pkg/two.py": TreeFile(_MODULE.replace("first", "other").encode()),
    "notes.txt": TreeFile(b"One.\n\nTwo.\n\nThree.\n"),
    "image": TreeFile(b"\0" * 10),
}


def operations_of(connection: Connection, vector: Mapping[str, int]) -> list:
    """Return the operations that a version vector covers, in no order."""
    rows = connection.execute(_LOG).all()
    return [operation_of(row) for row in rows if row.author_seq <= vector.get(row.author, 0)]


def require_equal_to_model(
    store: SourceStore, engine: Engine, branch: str, number: int, expected: Tree
) -> None:
    """Compare nodes, places and files of one landing with those rebuilt from its vector alone."""
    landing = store.landing(branch, number)
    with engine.connect() as connection:
        nodes = apply_operations({}, operations_of(connection, landing.version_vector))
        state: State = state_of(connection, branch, number)
        every = connection.execute(state.select("n.*", "TRUE")).all()
        stored = read_nodes(connection, state, node_ids=[row.node_id for row in every])
        rows = connection.execute(text("SELECT sha256, data FROM blobs"))
        blobs = {row.sha256: row.data for row in rows}
    shape = shape_of(nodes)
    assert stored == nodes
    assert {row.node_id: place_of(row) for row in every} == {
        node_id: shape.place(node_id) for node_id in nodes
    }
    assert files_at(nodes, shape, blobs.__getitem__) == expected
    assert store.checkout(branch, number) == expected


def random_changes(chance: random.Random, tree: Tree) -> dict[str, TreeFile | None]:
    """Return an edit, a rename, a deletion or a new file."""
    path = chance.choice(sorted(tree))
    match chance.randrange(6):
        case 0:
            return {f"pkg/new{chance.randrange(9)}.py": TreeFile(_MODULE.encode())}
        case 1 if len(tree) > 3:
            return {path: None}
        case 2:
            return {path: None, f"moved/{path}": tree[path]}
    lines = tree[path].data.split(b"\n")
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    if chance.random() < 0.4:
        lines[at] += b"  # %d" % chance.randrange(99)
    else:
        taken = lines[at : at + 4]
        del lines[at : at + 4]
        lines[to:to] = taken
    return {path: TreeFile(b"\n".join(lines))}


@pytest.mark.parametrize("seed", range(5))
def test_nodes_of_every_landing_are_those_of_its_version_vector(
    store: SourceStore, engine: Engine, seed: int
) -> None:
    chance = random.Random(seed)
    origin = store.import_tree(TREE, name="model").branch_id
    trees: dict[str, list[Tree]] = {origin: [TREE]}
    for _ in range(14):
        branch = chance.choice(sorted(trees))
        if chance.random() < 0.2:
            number = chance.randrange(len(trees[branch]))
            trees[store.fork(branch, number)] = [trees[branch][number]]
            continue
        head = len(trees[branch]) - 1
        changes = random_changes(chance, trees[branch][head])
        operations = store.propose(branch, head, changes)
        if operations:
            land(store, branch, head, operations)
            after = {**trees[branch][head], **changes}
            trees[branch].append({path: file for path, file in after.items() if file is not None})
    for branch, states in trees.items():
        for number, tree in enumerate(states):
            require_equal_to_model(store, engine, branch, number, tree)


def land(store: SourceStore, branch: str, head: int, operations: tuple) -> Landing | HeadMoved:
    return store.land(
        branch,
        expected_head=head,
        operations=operations,
        author="a",
        attempt_id=uuid.uuid4(),
        exit_status=0,
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_is_merged_and_landed_is_what_the_merge_said(
    store: SourceStore, engine: Engine, seed: int
) -> None:
    chance = random.Random(100 + seed)
    branch = store.import_tree(TREE, name="model").branch_id
    head, tree, merges = 0, dict(TREE), 0
    for _ in range(12):
        base = max(0, head - chance.randrange(4))
        changes = random_changes(chance, store.checkout(branch, base))
        merged = merge(store, branch, base, store.propose(branch, base, changes))
        if isinstance(merged, Conflict) or not merged.operations:
            assert isinstance(merged, Conflict) or merged.changes == {}
            continue
        assert merged.head == head
        landed = land(store, branch, head, merged.operations)
        assert isinstance(landed, Landing)
        head, merges = landed.number, merges + (base < head)
        after = {**tree, **merged.changes}
        tree = {path: file for path, file in after.items() if file is not None}
        assert store.checkout(branch) == tree
        touched = store.files_changed(branch, head - 1, head)
        assert set(merged.changes) <= touched
    assert merges >= 2
    require_equal_to_model(store, engine, branch, head, tree)


def test_agents_that_land_at_once_and_merge_when_refused_lose_nothing(
    store: SourceStore, engine: Engine
) -> None:
    branch = store.import_tree(TREE, name="model").branch_id
    agents, turns = 4, 4

    def work(agent: int) -> None:
        for turn in range(turns):
            base = store.head(branch).number
            source = store.checkout(branch, base)["pkg/one.py"].data
            added = f"\n\ndef agent_{agent}_{turn}():\n    return {turn}\n".encode()
            operations = store.propose(branch, base, {"pkg/one.py": TreeFile(source + added)})
            while isinstance(land(store, branch, base, operations), HeadMoved):
                merged = merge(store, branch, base, operations)
                assert not isinstance(merged, Conflict)
                base, operations = merged.head, merged.operations

    with ThreadPoolExecutor(agents) as pool:
        list(pool.map(work, range(agents)))
    assert [each.number for each in landings(store, branch)] == list(range(agents * turns + 1))
    tree = store.checkout(branch)
    source = tree["pkg/one.py"].data.decode()
    compile(source, "one.py", "exec")
    names = [f"def agent_{agent}_{turn}():" for agent in range(agents) for turn in range(turns)]
    assert all(source.count(name) == 1 for name in names)
    require_equal_to_model(store, engine, branch, agents * turns, tree)
