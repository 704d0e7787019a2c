"""Pushing operations, beside writing the same ones into the log and nothing more.

A push also merges each operation into the registers of its node and moves the version vector on.
All ways begin with the same operations in memory; the log alone gets them by COPY, which is the
quickest there is, or one by one.
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from sqlalchemy import Engine, text

from orchestrator.bench.report import Bar, Report
from orchestrator.bench.source.edits import Edits
from orchestrator.bench.source.material import library_tree
from orchestrator.bench.source.rounds import Rounds, at_least, in_turns
from orchestrator.bench.source.statements import push_by_statements
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.log.pushing import Push
from swarm_workers.source.rows import copy_rows, operation_rows
from swarm_workers.source.store import SourceStore
from tasks_schema.messages.source import Operation, Stamp
from tasks_schema.tables.source import OPERATIONS

COPY_MIN = 0.30
SINGLE_MIN = 10.0
FUNCTION_MIN = 2.0
LARGE = 1000
SMALL = 10
SINGLES = 50
"""Single INSERTs in one timing: they are too slow for more."""
_INSERT = text(
    "INSERT INTO operations (author, author_seq, lamport, kind, node_id, attempt_id, payload)"
    " VALUES (:author, :author_seq, :lamport, :kind, :node_id, :attempt_id, :payload)"
)


def measure_pushing(engine: Engine, *, nodes: int, rounds: int) -> Report:
    """Return what pushes of 1,000 and of 10 operations take. Blocks.

    Args:
        engine: on a database with the current schema.
        nodes: about how many the branch has that is pushed to.
        rounds: how often each way.
    """
    branch = SourceStore(engine).import_tree(library_tree(nodes), name="pushed to").branch_id
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE nodes"))
    bench = _Pushing(engine, branch)
    large = in_turns(
        {"push": bench.push, "COPY": bench.copy, "single INSERTs": bench.insert_singly},
        rounds,
        before=lambda: bench.prepare(LARGE),
    )
    small = in_turns(
        {"push": bench.push, "single statements": bench.push_by_statements},
        4 * rounds,
        before=lambda: bench.prepare(SMALL),
    )
    rows = large.rows("pushing", operations=LARGE, singles=SINGLES)
    rows += small.rows("pushing", operations=SMALL)
    return Report(tuple(rows), tuple(_bars(large, small)))


def _bars(large: Rounds, small: Rounds) -> Iterator[Bar]:
    ratio = 1 / large.ratio("push", "COPY")
    yield at_least("push of 1,000, beside raw COPY into the log", ratio, COPY_MIN, "times as fast")
    ratio = large.ratio("single INSERTs", "push") * LARGE / SINGLES
    name = "push of 1,000, beside single INSERTs into the log"
    yield at_least(name, ratio, SINGLE_MIN, "times as fast")
    ratio = small.ratio("single statements", "push")
    name = "push of 10 by one function, beside single statements"
    yield at_least(name, ratio, FUNCTION_MIN, "times as fast")


class _Pushing:
    """Ways to write the operations that were prepared last."""

    def __init__(self, engine: Engine, branch: str) -> None:
        self._engine = engine
        self._log = OperationLog(engine)
        self._branch = branch
        self._edits = Edits.on(engine, branch)
        self._numbers = count(1)
        self._operations: list[Operation] = []

    def prepare(self, size: int) -> None:
        """Make the operations of the next timing."""
        author = f"bench#{next(self._numbers)}"
        self._operations = [
            replace(each, stamp=Stamp(1, author, seq))
            for seq, each in enumerate(self._edits.batch(size), 1)
        ]

    def push(self) -> None:
        """Push as everybody does."""
        self._log.push(self._branch, self._operations, base=0, push_id=uuid.uuid4())

    def push_by_statements(self) -> None:
        """Do the same without the functions, a statement after another."""
        with self._engine.begin() as connection:
            pushing = Push(self._branch, 0, uuid.uuid4(), self._operations)
            push_by_statements(connection, pushing)

    def copy(self) -> None:
        """Copy them into the log alone."""
        with self._engine.begin() as connection:
            copy_rows(connection, OPERATIONS, operation_rows(self._operations, None))

    def insert_singly(self) -> None:
        """Insert some of them into the log alone, each in a transaction of its own."""
        names = [column.name for column in OPERATIONS.columns]
        with self._engine.connect() as connection:
            for row in operation_rows(self._operations[:SINGLES], None):
                connection.execute(_INSERT, dict(zip(names, row, strict=True)))
                connection.commit()
