"""The functions of the database join operations into registers in any order, as the model does."""

import random
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from swarm_workers.source.registers import Presence, apply_operations, apply_to_edges
from swarm_workers.source.rows import copy_rows, node_of, operation_rows
from tasks_schema.kinds import EdgeKind, OperationKind
from tasks_schema.messages.source import EdgeId, Operation, Stamp
from tasks_schema.tables.source import OPERATIONS, PUSHED
from tests.support.histories import history

Run = tuple[str, int, int]
_MERGES = [
    text(f"SELECT merge_{table}(:branch, :author, :first, :last)") for table in ("nodes", "edges")
]


def logged(engine: Engine, seed: int) -> list[Operation]:
    """Return a history of authors that nobody else has, once it is in the log."""
    told = [
        replace(each, stamp=each.stamp._replace(author=f"{each.stamp.author}{seed}"))
        for each in history(seed).operations
    ]
    with engine.begin() as connection:
        copy_rows(connection, OPERATIONS, operation_rows(told, None))
    return told


def runs_in_any_order(chance: random.Random, operations: list[Operation]) -> list[Run]:
    """Return runs that hold each operation at least once, and many of them more often."""
    last = Counter(each.stamp.author for each in operations)
    runs = []
    for each in operations:
        author, seq = each.stamp.author, each.stamp.author_seq
        size = chance.choice([0, 0, 0, 1, 4])
        runs.append((author, seq, min(seq + size, last[author])))
    chance.shuffle(runs)
    return runs


def merge(engine: Engine, branch: uuid.UUID, runs: list[Run]) -> None:
    for author, first, last in runs:
        values = {"branch": branch, "author": author, "first": first, "last": last}
        with engine.begin() as connection:
            for statement in _MERGES:
                connection.execute(statement, values)


def require_merged(engine: Engine, branch: uuid.UUID, operations: list[Operation]) -> None:
    where = {"branch": branch, "pushed": PUSHED}
    query = "SELECT * FROM {} WHERE branch_id = :branch AND landing_from = :pushed"
    with engine.connect() as connection:
        rows = connection.execute(text(query.format("nodes")), where)
        assert {row.node_id: node_of(row) for row in rows} == apply_operations({}, operations)
        edges = {
            EdgeId(row.from_node, row.to_node, EdgeKind(row.kind)): Presence(
                row.is_there, Stamp(row.lamport, row.author, row.seq)
            )
            for row in connection.execute(text(query.format("edges")), where)
        }
    assert edges == apply_to_edges({}, operations)


def require_permutations(engine: Engine, seeds: range, *, each: int) -> None:
    early = 0
    for seed in seeds:
        operations = logged(engine, seed)
        inserted = {
            one.node_id: one.stamp for one in operations if one.kind is OperationKind.NODE_INSERT
        }
        chance = random.Random(seed)
        for _ in range(each):
            branch = uuid.uuid4()
            runs = runs_in_any_order(chance, operations)
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(lambda at, r=runs, b=branch: merge(engine, b, r[at::3]), range(3)))
            require_merged(engine, branch, operations)
            order = {run[:2]: at for at, run in reversed(list(enumerate(runs)))}
            early += any(
                order[one.stamp[1:]] < order[inserted[one.node_id][1:]]
                for one in operations
                if one.edge is None
            )
    assert early > len(seeds) * each / 2, "hardly any operation came before its insert"


def test_any_order_is_merged_by_the_database_as_by_the_model(engine: Engine) -> None:
    require_permutations(engine, range(20), each=3)


@pytest.mark.soak
def test_six_hundred_orders_are_merged_by_the_database_as_by_the_model(engine: Engine) -> None:
    require_permutations(engine, range(100, 300), each=3)
