"""A landing that leaves a list with a long position makes all of that list short again."""

import uuid
from dataclasses import replace

from sqlalchemy import Engine, text

from swarm_workers.protocols import TreeFile
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Landing
from tasks_schema.kinds import OperationKind
from tests.support.stored import Merged, merge

SOURCE = "a = 1\nb = 2\nc = 3\n"


def test_positions_in_the_database_stay_short_and_open_attempts_do_not_notice(
    store: SourceStore, engine: Engine
) -> None:
    branch = store.import_tree({"m.py": TreeFile(SOURCE.encode())}, name="m").branch_id
    files = {"m.py": TreeFile(SOURCE.replace("c = 3", "open = 0\nc = 3").encode())}
    under_way = store.propose(branch, 0, files)
    (insert,) = store.propose(
        branch, 0, {"m.py": TreeFile(SOURCE.replace("b", "x = 0\nb").encode())}
    )
    assert insert.kind is OperationKind.NODE_INSERT
    landed = store.land(
        branch,
        expected_head=0,
        operations=[replace(insert, position=f"a0{'V' * 80}.tag.a0")],
        author="a",
        attempt_id=uuid.uuid4(),
        exit_status=0,
    )
    assert isinstance(landed, Landing)
    with engine.connect() as connection:
        query = text("SELECT max(length(position)) FROM nodes WHERE landing_to IS NULL")
        assert connection.execute(query).scalar() == 2
        moves = text("SELECT count(*) FROM operations WHERE kind = 'node_move'")
        assert connection.execute(moves).scalar() == 3
    assert store.checkout(branch)["m.py"].data == b"a = 1\nx = 0\nb = 2\nc = 3\n"
    merged = merge(store, branch, 0, under_way)
    assert isinstance(merged, Merged)
    after = merged.changes["m.py"]
    assert after is not None
    assert after.data == b"a = 1\nx = 0\nb = 2\nopen = 0\nc = 3\n"
