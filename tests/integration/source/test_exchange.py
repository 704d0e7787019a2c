"""Two databases, apart and then together: what each lacks is sent, and both come to be the same."""

import json
import random
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from orchestrator.stack.database import migrate
from swarm_workers.protocols import TreeFile
from swarm_workers.source.log import wire
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.log.vectors import Order, compare, join
from swarm_workers.source.reading import state_of
from swarm_workers.source.registers import apply_to_edges, rebuild
from swarm_workers.source.rows import node_of, operation_of, place_of
from swarm_workers.source.shape import HIDDEN, shape_of
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Landing
from tasks_schema.messages.source import Operation
from tests.support.histories import History, history
from tests.support.system_postgres import find_system_postgres, running, speaks_otherwise

TREE = {
    "README.md": TreeFile(b"# Title\n\nWords.\n"),
    "bin/run": TreeFile(b"#!/bin/sh\n", is_executable=True),
    "data/big": TreeFile(random.Random(1).randbytes(2_500_000)),
    "data/link": TreeFile(b"", link_target="big"),
    "pkg/a.py": TreeFile(b"import os\n\n\ndef f(a):\n    return a\n"),
    "pkg/b.py": TreeFile(b"class B:\n    x = 1\n\n    def g(self):\n        return self.x\n"),
}


class Hub:
    """A database of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        self.store = SourceStore(self.engine)
        self.log = OperationLog(self.engine)

    def land(self, branch: str, changes: dict[str, TreeFile | None]) -> Landing:
        head = self.store.head(branch).number
        landed = self.store.land(
            branch,
            expected_head=head,
            operations=self.store.propose(branch, head, changes),
            author="somebody",
            attempt_id=uuid.uuid4(),
            exit_status=0,
        )
        assert isinstance(landed, Landing)
        return landed

    def send(self, branch: str, other: "Hub", scope: str | None = None) -> int:
        """Send what the other lacks; return how many operations that were."""
        have = other.log.vector(branch) if other.has(branch) else {}
        lines = list(self.log.export(branch, have, scope))
        received = other.log.import_lines(lines)
        assert received.operations + received.known == json.loads(lines[-1])["operations"]
        return received.operations

    def has(self, branch: str) -> bool:
        query = text("SELECT count(*) FROM landings WHERE branch_id = :branch")
        with self.engine.connect() as connection:
            return bool(connection.execute(query, {"branch": branch}).scalar())

    def contents(self, branch: str) -> dict[str, list[tuple[object, ...]]]:
        """Return the head of a branch, row by row, without what is this database's own."""
        with self.engine.connect() as connection:
            state = state_of(connection, branch, None)
            rows = connection.execute(state.select("n.*", "TRUE")).all()
            edges = connection.execute(
                text("SELECT * FROM edges WHERE branch_id = :branch AND landing_to IS NULL"),
                {"branch": branch},
            ).all()
        own = ("landing_from", "landing_to", "branch_id")
        return {
            name: sorted(
                (
                    tuple(json.dumps(value, default=str) for key, value in row._mapping.items()
                    if key not in own)
                    for row in found
                ),
            )
            for name, found in (("nodes", rows), ("edges", edges))
        }  # fmt: skip

    def sizes(self) -> list[int]:
        tables = (
            "operations",
            "nodes",
            "edges",
            "landings",
            "version_vectors",
            "branches",
            "blobs",
        )
        with self.engine.connect() as connection:
            return [
                connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in tables
            ]


def require_equal(left: Hub, right: Hub, branch: str) -> None:
    assert compare(left.log.vector(branch), right.log.vector(branch)) is Order.EQUAL
    assert left.contents(branch) == right.contents(branch)
    assert left.store.checkout(branch) == right.store.checkout(branch)


def require_model(hub: Hub, branch: str, operations: list[Operation]) -> None:
    nodes = rebuild(operations)
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


@pytest.fixture(scope="session")
def swedish_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of another server of another version, in which Å comes after Z and a before Z."""
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("this machine has no Postgres beside the embedded one")
    with running(programs, tmp_path_factory.mktemp("other") / "home") as url:
        assert speaks_otherwise(url)
        yield url


@pytest.fixture(params=["C of libc", "Swedish"])
def two_hubs(request: pytest.FixtureRequest, database: str) -> Iterator[tuple[Hub, Hub]]:
    """Two databases; the second one's texts are sorted in another way than the first one's."""
    is_other = request.param == "Swedish"
    server = request.getfixturevalue("swedish_server" if is_other else "database_url")
    name = f"other_{uuid.uuid4().hex[:8]}"
    locale = "" if is_other else "LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {locale}")
    url = f"{server.rpartition('/')[0]}/{name}"
    migrate(url)
    hubs = Hub(database), Hub(url)
    yield hubs
    for hub in hubs:
        hub.engine.dispose()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
    missing = sum(map(len, ours.log.missing(branch, theirs.log.vector(branch))))
    assert ours.send(branch, theirs) == missing < first
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


def closed(told: History, chance: random.Random) -> list[Operation]:
    """Return an operation and all that its hub had seen: what some export could have held."""
    last = chance.choice(told.operations)
    held = told.before[last.stamp] | {last.stamp}
    return [each for each in told.operations if each.stamp in held]


def file_of(branch: str, operations: list[Operation], **header: object) -> list[bytes]:
    until = join({}, *({each.stamp.author: each.stamp.author_seq} for each in operations))
    first = wire.Header(uuid.UUID(branch), "told", {}, until, None)
    lines = [wire.header_line(first)]
    for each in sorted(operations, key=lambda each: each.stamp):
        lines.append(line_of(each))
    return [*lines, wire.end_line(len(operations))]


def line_of(operation: Operation, **changes: object) -> bytes:
    values = {
        "author": operation.stamp.author,
        "seq": operation.stamp.author_seq,
        "lamport": operation.stamp.lamport,
        "kind": operation.kind.value,
        "node": str(operation.node_id),
        "attempt": None,
        "payload": operation.payload,
    }
    return json.dumps(values | changes).encode() + b"\n"


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
    require_histories(two_hubs, range(12))


@pytest.mark.soak
def test_a_thousand_histories_of_many_hubs_converge(two_hubs: tuple[Hub, Hub]) -> None:
    require_histories(two_hubs, range(1000, 1500))
