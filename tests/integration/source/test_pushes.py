"""Pushes by many lanes: what SQL merges is what the pure model says, and no vector has a hole."""

import random
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from swarm_workers.protocols import TreeFile
from swarm_workers.source.errors import (
    PurgedLandingError,
    UnknownBranchError,
    UnknownLandingError,
)
from swarm_workers.source.log.errors import (
    RunawayLamportError,
    UnknownNodeError,
    UnknownVectorError,
    UnsoundOperationError,
)
from swarm_workers.source.log.lanes import LANES
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.log.pushing import FUNCTION_SIZE_MAX
from swarm_workers.source.log.replay import nodes_at
from swarm_workers.source.log.vectors import missing
from swarm_workers.source.reading import state_of
from swarm_workers.source.registers import (
    Node,
    Presence,
    apply_operations,
    apply_to_edges,
)
from swarm_workers.source.rows import NODE_SELECT, node_of, operation_of, place_of
from swarm_workers.source.shape import HIDDEN, shape_of
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import HeadMoved
from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind, NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, TRASH, EdgeId, Operation, Stamp
from tasks_schema.tables.source import PUSHED
from tests.support.histories import PLAIN
from tests.support.stored import landings, merge

IDS = count(1)


def push_id(lane: int) -> uuid.UUID:
    """Return an id that nobody has used and that takes this lane."""
    return uuid.UUID(int=(uuid.uuid4().int >> 3 << 3) + lane)


def insert(parent: NodeId, position: str = "a0", **fields: object) -> Operation:
    written = {"node_kind": NodeKind.STATEMENT, "name": "", "lead": "", "text": "x\n"} | fields
    if written["node_kind"] is NodeKind.FILE:
        written |= {"meta": PLAIN, "name": written["name"] or f"f{next(IDS)}"}
    node_id = NodeId(uuid.uuid4())
    return Operation(
        OperationKind.NODE_INSERT, node_id, parent=parent, position=position, **written
    )


def log_of(connection: Connection, vector: Mapping[str, int]) -> list[Operation]:
    rows = connection.execute(text("SELECT * FROM operations ORDER BY random()"))
    return [operation_of(row) for row in rows if row.author_seq <= vector.get(row.author, 0)]


def pushed_nodes(connection: Connection, branch: str) -> dict[NodeId, Node]:
    """Return the nodes of a branch, those of its head under those pushed since."""
    state = state_of(connection, branch, None)
    landed = connection.execute(state.select(NODE_SELECT, "TRUE"))
    query = f"SELECT {NODE_SELECT} FROM nodes n WHERE branch_id = :branch AND landing_from = :at"
    beside = connection.execute(text(query), {"branch": branch, "at": PUSHED})
    return {row.node_id: node_of(row) for row in [*landed, *beside]}


def landed_edges(connection: Connection, branch: str) -> dict[EdgeId, Presence]:
    query = "SELECT * FROM edges WHERE branch_id = :branch AND landing_to IS NULL"
    return {
        EdgeId(row.from_node, row.to_node, EdgeKind(row.kind)): Presence(
            row.is_there, Stamp(row.lamport, row.author, row.seq)
        )
        for row in connection.execute(text(query), {"branch": branch})
    }


def require_rebuilt(engine: Engine, branch: str) -> None:
    """Compare a sealed branch, row by row, with what its operations alone make."""
    vector = OperationLog(engine).vector(branch)
    with engine.connect() as connection:
        operations = log_of(connection, vector)
        assert len(operations) == sum(vector.values())
        nodes = apply_operations({}, operations)
        state = state_of(connection, branch, None)
        rows = connection.execute(state.select("n.*", "TRUE")).all()
        assert {row.node_id: node_of(row) for row in rows} == nodes
        shape = shape_of(nodes)
        places = {node_id: shape.places.get(node_id, HIDDEN) for node_id in nodes}
        assert {row.node_id: place_of(row) for row in rows} == places
        assert landed_edges(connection, branch) == apply_to_edges({}, operations)


class Writer:
    """One of several that push at once, in a lane of its own."""

    def __init__(self, log: OperationLog, branch: str, lane: int, seed: int) -> None:
        self.log = log
        self.branch = branch
        self.lane = lane
        self.chance = random.Random(seed * 100 + lane)
        self.pushes: list[tuple[uuid.UUID, list[Operation]]] = []

    def push_some(self, known: list[NodeId]) -> None:
        """Push a batch about nodes that all know, and about its own new ones."""
        own = list(known)
        batch = []
        for _ in range(self.chance.randrange(1, 12)):
            operation = self._choose(own)
            if operation.kind is OperationKind.NODE_INSERT:
                own.append(operation.node_id)
            batch.append(operation)
        identity = push_id(self.lane)
        self.log.push(self.branch, batch, base=0, push_id=identity)
        self.pushes.append((identity, batch))
        if self.chance.random() < 0.2:
            again, batch = self.chance.choice(self.pushes)
            assert not self.log.push(self.branch, batch, base=0, push_id=again).is_new

    def _choose(self, known: list[NodeId]) -> Operation:
        chance = self.chance
        node_id, other = chance.choice(known), chance.choice(known)
        position = f"a{chance.randrange(5)}"
        kind = chance.choices(list(OperationKind), weights=[3, 6, 6, 2, 3, 1])[0]
        match kind:
            case OperationKind.NODE_UPDATE:
                register = chance.choice(["name", "lead", "text"])
                return Operation(kind, node_id, **{register: f"v{chance.randrange(10**9)}"})
            case OperationKind.NODE_MOVE if node_id != other:
                return Operation(kind, node_id, parent=other, position=position)
            case OperationKind.NODE_DELETE:
                return Operation(kind, node_id, parent=TRASH, position="")
            case OperationKind.EDGE_INSERT | OperationKind.EDGE_DELETE:
                edge = EdgeId(node_id, other, chance.choice(list(EdgeKind)))
                return Operation.of_edge(kind, edge)
        node_kind = chance.choice([NodeKind.FILE, NodeKind.CLASS, NodeKind.STATEMENT])
        return insert(chance.choice([ROOT, other]), position, node_kind=node_kind)


def new_branch(store: SourceStore, *, is_fork: bool) -> tuple[str, list[NodeId]]:
    """Return a branch and the nodes that all know of it."""
    tree = {"a.py": TreeFile(f"x = {next(IDS)}\n\n\ndef f():\n    return 1\n".encode())}
    branch = store.import_tree(tree, name="pushes").branch_id
    with store._engine.connect() as connection:
        known = list(pushed_nodes(connection, branch))
    return (store.fork(branch, 0) if is_fork else branch), known


def play(store: SourceStore, engine: Engine, seed: int, rounds: int) -> int:
    """Have four writers push at once; return how many pushes were merged as the model does."""
    branch, known = new_branch(store, is_fork=seed % 2 == 1)
    writers = [Writer(OperationLog(engine), branch, lane, seed) for lane in range(4)]
    for _ in range(rounds):
        with ThreadPoolExecutor(len(writers)) as pool:
            list(pool.map(lambda writer: writer.push_some(known), writers))
        vector = writers[0].log.vector(branch)
        with engine.connect() as connection:
            operations = log_of(connection, vector)
            assert pushed_nodes(connection, branch) == apply_operations({}, operations)
        if writers[0].chance.random() < 0.4:
            writers[0].log.seal(branch)
            require_rebuilt(engine, branch)
    writers[0].log.seal(branch)
    require_rebuilt(engine, branch)
    return rounds * len(writers)


def test_what_writers_push_at_once_is_merged_as_the_model_does(
    store: SourceStore, engine: Engine
) -> None:
    assert sum(play(store, engine, seed, rounds=8) for seed in range(6)) >= 190


@pytest.mark.soak
def test_a_thousand_pushes_at_once_are_merged_as_the_model_does(
    store: SourceStore, engine: Engine
) -> None:
    assert sum(play(store, engine, seed, rounds=10) for seed in range(100, 130)) >= 1000


def test_what_is_pushed_while_landings_are_made_is_lost_nowhere(
    store: SourceStore, engine: Engine
) -> None:
    branch, known = new_branch(store, is_fork=True)
    writers = [Writer(OperationLog(engine), branch, lane, 77) for lane in range(3)]
    stop = threading.Event()

    def land() -> int:
        made = 0
        while not stop.is_set():
            head = OperationLog(engine).seal(branch).number
            operations = store.propose(branch, head, {f"landed{head}": TreeFile(b"x\n")})
            landed = store.land(
                branch, expected_head=head, operations=operations, author="a",
                attempt_id=uuid.uuid4(), exit_status=0,
            )  # fmt: skip
            made += not isinstance(landed, HeadMoved)
        return made

    with ThreadPoolExecutor(len(writers) + 1) as pool:
        lander = pool.submit(land)
        pushing = [
            pool.submit(lambda w=each: [w.push_some(known) for _ in range(8)]) for each in writers
        ]
        for each in pushing:
            each.result()
        stop.set()
        landed = lander.result()
    OperationLog(engine).seal(branch)
    require_rebuilt(engine, branch)
    numbers = [each.number for each in landings(store, branch)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > landed + 1
    for number in numbers[:: max(1, len(numbers) // 4)]:
        vector = store.landing(branch, number).version_vector
        with engine.connect() as connection:
            model = apply_operations({}, log_of(connection, vector))
            rows = connection.execute(state_of(connection, branch, number).select("n.*", "TRUE"))
            assert {row.node_id: node_of(row) for row in rows} == model


def read_vectors(engine: Engine, branch: str, stop: threading.Event, reads_min: int) -> int:
    """Read vectors until told to stop, and see each time that nothing they speak of is absent."""
    log, reads = OperationLog(engine), 0
    query = text("SELECT count(*) FROM operations WHERE author = :author AND author_seq <= :seq")
    while not stop.is_set() or reads < reads_min:
        vector = log.vector(branch)
        with engine.connect() as connection:
            for author, seq in vector.items():
                values = {"author": author, "seq": seq}
                assert connection.execute(query, values).scalar() == seq, (author, seq)
        reads += 1
    return reads


def require_vectors_without_holes(store: SourceStore, engine: Engine, *, reads: int) -> None:
    branch, known = new_branch(store, is_fork=True)
    # Two writers of each lane: the second waits for the numbers that the first one holds.
    writers = [Writer(OperationLog(engine), branch, lane // 2, lane) for lane in range(4)]
    stop = threading.Event()
    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read_vectors, engine, branch, stop, reads // 2) for _ in range(2)]
        pushes = 0
        while not all(each.done() for each in readers):
            list(pool.map(lambda writer: writer.push_some(known), writers))
            pushes += len(writers)
            if pushes >= 20:
                stop.set()
        assert sum(each.result() for each in readers) >= reads
    assert pushes >= 20


def test_no_vector_speaks_of_what_is_not_there(store: SourceStore, engine: Engine) -> None:
    require_vectors_without_holes(store, engine, reads=400)


@pytest.mark.soak
def test_no_vector_of_ten_thousand_speaks_of_what_is_not_there(
    store: SourceStore, engine: Engine
) -> None:
    require_vectors_without_holes(store, engine, reads=10_000)


def state_of_database(engine: Engine) -> list[int]:
    """Return what a push that is refused must leave as it was."""
    tables = ("operations", "nodes", "edges", "landings", "version_vectors")
    with engine.connect() as connection:
        return [
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in tables
        ]


@pytest.fixture
def branch(store: SourceStore) -> str:
    return new_branch(store, is_fork=False)[0]


@pytest.mark.parametrize("size", [1, FUNCTION_SIZE_MAX + 1])
def test_a_push_that_names_an_unknown_node_leaves_nothing_behind(
    store: SourceStore, engine: Engine, branch: str, size: int
) -> None:
    log, unknown = OperationLog(engine), NodeId(uuid.uuid4())
    file = insert(ROOT, "", node_kind=NodeKind.FILE)
    sound = [insert(file.node_id, f"a{at}") for at in range(size - 1)]
    log.push(branch, [file], base=0, push_id=push_id(0))
    before = state_of_database(engine)
    for lost in (
        Operation(OperationKind.NODE_UPDATE, unknown, text="x"),
        Operation(OperationKind.NODE_DELETE, unknown, parent=TRASH, position=""),
        Operation(OperationKind.NODE_MOVE, file.node_id, parent=unknown, position=""),
        insert(unknown),
        Operation.of_edge(OperationKind.EDGE_INSERT, EdgeId(file.node_id, unknown, EdgeKind.USES)),
    ):
        with pytest.raises(UnknownNodeError, match=str(unknown)) as caught:
            log.push(branch, [*sound, lost], base=0, push_id=push_id(0))
        assert caught.value.node_id == unknown
        assert state_of_database(engine) == before


@pytest.mark.parametrize("size", [1, FUNCTION_SIZE_MAX + 1])
def test_a_lamport_time_that_runs_away_is_refused_and_an_honest_one_replaced(
    store: SourceStore, engine: Engine, branch: str, size: int
) -> None:
    log = OperationLog(engine)
    honest = [insert(ROOT, "", node_kind=NodeKind.FILE, stamp=Stamp(2, "me", 1))]
    honest += [insert(honest[0].node_id, f"a{at}") for at in range(size - 1)]
    before = state_of_database(engine)
    forged = replace(honest[0], stamp=Stamp(2**40, "me", 1))
    with pytest.raises(RunawayLamportError, match=str(2**40)):
        log.push(branch, [forged, *honest[1:]], base=0, push_id=push_id(0))
    assert state_of_database(engine) == before
    pushed = log.push(branch, honest, base=0, push_id=push_id(0))
    assert (pushed.lamport, pushed.last_seq - pushed.first_seq + 1) == (2, size)


def test_a_base_that_is_purged_or_was_never_there_is_refused(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log = OperationLog(engine)
    file = [insert(ROOT, "", node_kind=NodeKind.FILE)]
    for number in range(2):
        log.push(branch, [insert(ROOT, "", node_kind=NodeKind.FILE)], base=0, push_id=push_id(0))
        assert log.seal(branch).number == number + 1
    log.purge(branch, 2)
    before = state_of_database(engine)
    with pytest.raises(PurgedLandingError, match=r"landing 1 .* oldest that is left is 2"):
        log.push(branch, file, base=1, push_id=push_id(0))
    for base in (3, -1):
        with pytest.raises(UnknownLandingError, match=f"no landing {base}"):
            log.push(branch, file, base=base, push_id=push_id(0))
    with pytest.raises(UnknownBranchError):
        log.push(str(uuid.uuid4()), file, base=0, push_id=push_id(0))
    assert state_of_database(engine) == before
    log.push(branch, file, base=2, push_id=push_id(0))


def test_what_is_purged_cannot_be_read_and_all_else_can(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log = OperationLog(engine)
    trees = [store.checkout(branch)]
    for number in range(4):
        changes = {"a.py": TreeFile(b"x = %d\n" % number), "b.txt": TreeFile(b"%d" % number)}
        operations = store.propose(branch, number, changes)
        store.land(
            branch, expected_head=number, operations=operations, author="a",
            attempt_id=uuid.uuid4(), exit_status=0,
        )  # fmt: skip
        trees.append(changes)
    vectors = [each.version_vector for each in landings(store, branch)]
    fork = store.fork(branch, 3)
    rows = state_of_database(engine)[1]
    assert log.purge(branch, 4) == 3, "a fork needs landing 3"
    assert state_of_database(engine)[1] < rows
    for number in (0, 2):
        with pytest.raises(PurgedLandingError, match=f"landing {number}"):
            store.checkout(branch, number)
        with pytest.raises(PurgedLandingError):
            merge(store, branch, number, operations)
        with pytest.raises(PurgedLandingError):
            store.fork(branch, number)
        assert log.checkout_at(branch, vectors[number]) == trees[number], "operations stay"
    for number in (3, 4):
        assert store.checkout(branch, number) == trees[number]
    assert store.checkout(fork) == trees[3]
    assert log.purge(branch, 1) == 3, "what is gone stays gone"
    require_rebuilt(engine, branch)


def test_what_no_tree_can_hold_is_refused(store: SourceStore, engine: Engine, branch: str) -> None:
    before = state_of_database(engine)
    odd = insert(ROOT, "", node_kind=NodeKind.FILE, name="../up")
    with pytest.raises(UnsoundOperationError, match="no file can be called") as caught:
        OperationLog(engine).push(branch, [odd], base=0, push_id=push_id(0))
    assert caught.value.node_id == odd.node_id
    bare = insert(odd.node_id, node_kind=NodeKind.BLOB, text="0" * 64)
    with pytest.raises(UnsoundOperationError, match="names bytes that are not here"):
        OperationLog(engine).push(branch, [bare], base=0, push_id=push_id(0))
    assert state_of_database(engine) == before


@pytest.mark.parametrize("size", [3, FUNCTION_SIZE_MAX + 1])
def test_a_push_counts_once_however_often_and_wherever_at_once(
    store: SourceStore, engine: Engine, branch: str, size: int
) -> None:
    log, identity = OperationLog(engine), push_id(5)
    batch = [insert(ROOT, "", node_kind=NodeKind.FILE) for _ in range(size)]
    with ThreadPoolExecutor(4) as pool:
        pushed = list(
            pool.map(lambda _: log.push(branch, batch, base=0, push_id=identity), range(4))
        )
    assert sorted(each.is_new for each in pushed) == [False] * 3 + [True]
    assert len({(each.author, each.first_seq, each.last_seq) for each in pushed}) == 1
    assert len(log.seal(branch).version_vector) == 2
    require_rebuilt(engine, branch)


def a_hundred_thousand() -> list[Operation]:
    files = [insert(ROOT, "", node_kind=NodeKind.FILE) for _ in range(100)]
    lines = [insert(files[at % 100].node_id, f"c{at:06d}", text=f"{at}\n") for at in range(99_900)]
    return [*files, *lines]


def test_a_push_of_a_hundred_thousand_operations_is_one_like_any_other(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log, batch = OperationLog(engine), a_hundred_thousand()
    pushed = log.push(branch, batch, base=0, push_id=push_id(1))
    assert (pushed.first_seq, pushed.last_seq) == (1, 100_000)
    assert log.vector(branch)[pushed.author] == 100_000
    with engine.connect() as connection:
        query = "SELECT count(*), count(kind) FROM nodes WHERE landing_from = :at"
        assert connection.execute(text(query), {"at": PUSHED}).one() == (100_000, 100_000)


@pytest.mark.soak
def test_a_hundred_thousand_operations_become_a_tree(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log, batch = OperationLog(engine), a_hundred_thousand()
    log.push(branch, batch, base=0, push_id=push_id(1))
    log.seal(branch)
    tree = store.checkout(branch)
    lines = [line for path in sorted(tree) for line in tree[path].data.splitlines()]
    assert sum(line.isdigit() for line in lines) == 99_900
    require_rebuilt(engine, branch)


def test_a_landing_takes_in_what_was_pushed_and_asks_to_be_tested_on_it(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log = OperationLog(engine)
    operations = store.propose(branch, 0, {"mine.txt": TreeFile(b"mine\n")})
    theirs = insert(ROOT, "", node_kind=NodeKind.FILE, name="theirs.txt")
    line = insert(theirs.node_id, text="theirs\n")
    log.push(branch, [theirs, line], base=0, push_id=push_id(0))
    assert "theirs.txt" not in store.checkout(branch), "no landing holds it yet"
    request = {"operations": operations, "author": "a", "exit_status": 0}
    refused = store.land(branch, expected_head=0, attempt_id=push_id(1), **request)
    assert refused == HeadMoved(1)
    landed = store.land(branch, expected_head=1, attempt_id=push_id(1), **request)
    assert landed.number == 2
    assert store.landing(branch, 1).exit_status is None
    files = store.checkout(branch)
    assert (files["mine.txt"].data, files["theirs.txt"].data) == (b"mine\n", b"theirs\n")
    assert log.seal(branch).number == 2, "nothing is left to seal"
    require_rebuilt(engine, branch)


def test_what_was_deleted_comes_back_whole_by_a_move(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log = OperationLog(engine)
    changes = {"b.py": TreeFile(b"class A:\n    x = 1\n    y = 2\n\n\nz = 3\n")}
    operations = store.propose(branch, 0, changes)
    (klass,) = [each for each in operations if each.node_kind is NodeKind.CLASS]
    log.push(branch, operations, base=0, push_id=push_id(0))
    delete = Operation(OperationKind.NODE_DELETE, klass.node_id, parent=TRASH, position="")
    log.push(branch, [delete], base=0, push_id=push_id(0))
    log.seal(branch)
    assert store.checkout(branch)["b.py"].data == b"\n\nz = 3\n"
    back = Operation(
        OperationKind.NODE_MOVE, klass.node_id, parent=klass.parent, position=klass.position
    )
    log.push(branch, [back], base=1, push_id=push_id(0))
    log.seal(branch)
    assert store.checkout(branch)["b.py"] == changes["b.py"]
    require_rebuilt(engine, branch)


def test_every_vector_can_be_checked_out_and_compared(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log, chance = OperationLog(engine), random.Random(3)
    fork = store.fork(branch, 0)
    with engine.connect() as connection:
        known = list(pushed_nodes(connection, branch))
    writers = [Writer(log, fork, lane, 7) for lane in range(3)]
    for _ in range(8):
        chance.choice(writers).push_some(known)
        if chance.random() < 0.3:
            log.seal(fork)
    newest = log.vector(fork)
    landing = log.seal(fork)
    assert landing.version_vector == newest
    assert log.checkout_at(fork, newest) == store.checkout(fork)
    with engine.connect() as connection:
        for _ in range(6):
            vector = {author: chance.randrange(seq + 1) for author, seq in newest.items()}
            lacking = sum(len(run) for run in missing(vector, newest))
            assert lacking == sum(newest.values()) - sum(vector.values())
            model = apply_operations({}, log_of(connection, vector))
            assert nodes_at(connection, fork, vector) == model
            assert sorted(log.checkout_at(fork, vector)) == sorted(shape_of(model).files)
    author = max(newest)
    with pytest.raises(UnknownVectorError, match=f"names operation {newest[author] + 1} of"):
        log.checkout_at(fork, newest | {author: newest[author] + 1})


def test_lanes_of_one_branch_differ_and_no_two_databases_share_one(
    store: SourceStore, engine: Engine, branch: str
) -> None:
    log = OperationLog(engine)
    pushed = [
        log.push(branch, [insert(ROOT, "", node_kind=NodeKind.FILE)], base=0, push_id=push_id(lane))
        for lane in range(LANES)
    ]
    assert len({each.author for each in pushed}) == LANES
    with engine.connect() as connection:
        tag = connection.execute(text("SELECT hub_tag()")).scalar_one()
    assert all(each.author.startswith(f"{tag}:") for each in pushed)
    elsewhere = create_engine(engine.url.set(database="postgres"))
    with elsewhere.connect() as connection:
        body = "SELECT prosrc FROM pg_proc WHERE proname = 'hub_tag'"
        with engine.connect() as here:
            source = here.execute(text(body)).scalar_one()
        assert connection.execute(text(source.replace(":'", "\\:'"))).scalar_one() != tag
    elsewhere.dispose()
