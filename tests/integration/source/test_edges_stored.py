"""The edges that Postgres holds are those of the code, at every landing and on every fork."""

import random
import uuid

import pytest
from sqlalchemy import Engine, text

from swarm_workers.protocols import TreeFile
from swarm_workers.source.edges.deriving import edges_of_tree
from swarm_workers.source.edges.stored import read_edges
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.reading import read_nodes, state_of
from swarm_workers.source.registers import apply_to_edges
from swarm_workers.source.rows import operation_of
from swarm_workers.source.shape import shape_of
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Landing
from tasks_schema.messages.source import EdgeId
from tests.properties.source.test_edges_follow import changed, path_of, source

Sources = dict[str, str]


def stored_edges(engine: Engine, branch: str, number: int) -> set[EdgeId]:
    """Return the edges of a landing that start at any of its nodes."""
    with engine.connect() as connection:
        state = state_of(connection, branch, number)
        ids = [row.node_id for row in connection.execute(state.select("n.node_id", "TRUE"))]
        return read_edges(connection, state, "e.from_node = ANY(:ids)", ids)


def edges_of_code(engine: Engine, branch: str, number: int) -> frozenset[EdgeId]:
    """Return the edges that the code of a landing has, found anew."""
    with engine.connect() as connection:
        state = state_of(connection, branch, number)
        ids = [row.node_id for row in connection.execute(state.select("n.node_id", "TRUE"))]
        nodes = read_nodes(connection, state, node_ids=ids)
    return edges_of_tree(nodes, shape_of(nodes))


def edges_of_log(engine: Engine, store: SourceStore, branch: str, number: int) -> set[EdgeId]:
    """Return the edges that the operations of a landing's version vector make."""
    vector = store.landing(branch, number).version_vector
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM operations ORDER BY random()")).all()
    seen = [operation_of(row) for row in rows if row.author_seq <= vector.get(row.author, 0)]
    return {edge for edge, each in apply_to_edges({}, seen).items() if each.is_there}


def changes_of(sources: dict[str, str | None]) -> dict[str, TreeFile | None]:
    return {
        path: None if each is None else TreeFile(each.encode()) for path, each in sources.items()
    }


@pytest.mark.parametrize("seed", range(4))
def test_edges_of_every_landing_are_those_of_its_code_and_of_its_operations(
    store: SourceStore, engine: Engine, seed: int
) -> None:
    chance = random.Random(seed)
    first = {path_of(chance): source(chance) for _ in range(6)}
    origin = store.import_tree(changes_of(dict(first)), name="edges").branch_id
    states: dict[str, list[Sources]] = {origin: [first]}
    for _ in range(16):
        branch = chance.choice(sorted(states))
        if chance.random() < 0.2:
            number = chance.randrange(len(states[branch]))
            states[store.fork(branch, number)] = [states[branch][number]]
            continue
        head = len(states[branch]) - 1
        changes = changed(chance, states[branch][head])
        operations = store.propose(branch, head, changes_of(changes))
        if operations:
            landed = store.land(
                branch,
                expected_head=head,
                operations=operations,
                author="a",
                attempt_id=uuid.uuid4(),
                exit_status=0,
            )
            assert isinstance(landed, Landing)
            after = {**states[branch][head], **changes}
            states[branch].append({path: each for path, each in after.items() if each is not None})
    found = 0
    for branch, landings in states.items():
        for number in range(len(landings)):
            edges = stored_edges(engine, branch, number)
            assert edges == edges_of_code(engine, branch, number)
            assert edges == edges_of_log(engine, store, branch, number)
            found += len(edges)
    assert found > 50


def test_a_landing_puts_right_what_pushes_left_undone(store: SourceStore, engine: Engine) -> None:
    tree = changes_of({"a.py": "def f(): pass\n", "b.py": "from a import f\n\ndef g(): pass\n"})
    branch = store.import_tree(tree, name="pushed").branch_id
    pushed = store.propose(branch, 0, changes_of({"b.py": "from a import f\n\ndef g(): f()\n"}))
    log = OperationLog(engine)
    log.push(branch, pushed, base=0, push_id=uuid.uuid4())
    fork = store.fork(branch, log.seal(branch).number)
    for each, head in ((branch, 1), (fork, 0)):
        assert stored_edges(engine, each, head) != edges_of_code(engine, each, head)
        landed = store.land(
            each,
            expected_head=head,
            operations=store.propose(each, head, changes_of({"c.py": "x = 1\n"})),
            author="a",
            attempt_id=uuid.uuid4(),
            exit_status=0,
        )
        assert isinstance(landed, Landing)
        assert stored_edges(engine, each, landed.number) == edges_of_code(
            engine, each, landed.number
        )
