"""The merge queue in Postgres: changes that wait to land, and whose turn it is to land them.

One process at a time lands on a branch, for itself and for those that wait: it *holds* the branch,
for some seconds at a time. That is economy and no promise: two that both believe to hold it lose
time, and nothing else. For the head is only moved from where it was tested.
"""

import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from swarm_workers.errors import ServiceUnreachableError
from swarm_workers.postgres import transaction
from swarm_workers.problems.code.batches import BATCH_MAX, Queued, choose
from swarm_workers.source.tree_files import storable
from swarm_workers.source.values import Change
from swarm_workers.source.writing import write_blobs
from tasks_schema.kinds import QueueState
from tasks_schema.messages.source import UNSTAMPED, Operation
from tasks_schema.tables.merging import LANDERS, MERGE_QUEUE

HOLD_SECONDS: Final = 15.0
"""How long a branch stays held without a sign of life."""
REFUSED_HOURS: Final = 24
"""How long a refusal is kept for whoever asked."""
_SEEN_MAX: Final = 4 * BATCH_MAX
"""Waiting changes that are looked at for one batch."""
_LOG = logging.getLogger(__name__)
_HOLD = text(
    """
    INSERT INTO landers AS l (branch_id, holder, held_until)
    VALUES (:branch, :holder, now() + :seconds * interval '1 second')
    ON CONFLICT (branch_id) DO UPDATE
    SET holder = excluded.holder, held_until = excluded.held_until
    WHERE l.held_until < now() OR l.holder = excluded.holder
    RETURNING TRUE
    """
)


class MergeQueue:
    """The queues of all branches. Each method blocks for one transaction.

    Raises:
        ServiceUnreachableError: any method, if Postgres does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        """Hold the engine; nothing is read."""
        self._engine = engine

    def put(self, branch: str, queued: Queued) -> None:
        """Let a change wait. One that was put before keeps its place, or its refusal."""
        change = queued.change
        row = {
            "attempt_id": change.attempt_id,
            "branch_id": uuid.UUID(branch),
            "base": change.base,
            "author": change.author,
            "note": storable(change.note),
            "operations": [_as_json(each) for each in change.operations],
            "gained": sorted(queued.gained),
            "flaky": sorted(queued.flaky),
            "state": QueueState.WAITING,
        }
        with transaction(self._engine) as connection:
            write_blobs(connection, change.operations)
            connection.execute(insert(MERGE_QUEUE).values(row).on_conflict_do_nothing())

    def state(self, attempt_id: uuid.UUID) -> tuple[QueueState, str] | None:
        """Return where a change stands, and why it was refused; None if it is not queued."""
        columns = MERGE_QUEUE.c
        query = select(columns.state, columns.reason).where(columns.attempt_id == attempt_id)
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (QueueState(row.state), row.reason)

    def withdraw(self, attempt_id: uuid.UUID) -> None:
        """Take a change out that is not settled; whoever tests it now will not land it."""
        columns = MERGE_QUEUE.c
        is_open = columns.state != QueueState.REFUSED
        with transaction(self._engine) as connection:
            connection.execute(delete(MERGE_QUEUE).where(columns.attempt_id == attempt_id, is_open))

    @contextmanager
    def hold(self, branch: str) -> Iterator[bool]:
        """Try to hold a branch for the block; yields whether it is held.

        What another process had taken when it died waits again.
        """
        own = {"branch": uuid.UUID(branch), "holder": uuid.uuid4(), "seconds": HOLD_SECONDS}
        with transaction(self._engine) as connection:
            is_held = connection.execute(_HOLD, own).scalar() is not None
            if is_held:
                _clean_up(connection, uuid.UUID(branch))
        if not is_held:
            yield False
            return
        ended = threading.Event()
        thread = threading.Thread(target=self._go_on_holding, args=(own, ended), daemon=True)
        thread.start()
        try:
            yield True
        finally:
            ended.set()
            thread.join()
            self._let_go(own)

    def take(self, branch: str, batch: uuid.UUID, red: frozenset[str]) -> list[Queued]:
        """Take the next changes to be tested together; none if nothing waits.

        Args:
            branch: held by this process.
            batch: names them.
            red: tests that are red on the head.
        """
        columns = MERGE_QUEUE.c
        query = (
            select(MERGE_QUEUE)
            .where(columns.branch_id == uuid.UUID(branch), columns.state == QueueState.WAITING)
            .order_by(columns.number)
            .limit(_SEEN_MAX)
            .with_for_update(skip_locked=True)
        )
        with transaction(self._engine) as connection:
            chosen = choose([_queued(row) for row in connection.execute(query)], red)
            ids = [each.change.attempt_id for each in chosen]
            taken = {"state": QueueState.TAKEN, "batch": batch}
            connection.execute(update(MERGE_QUEUE).where(columns.attempt_id.in_(ids)).values(taken))
        return chosen

    def still_taken(self, batch: uuid.UUID) -> frozenset[uuid.UUID]:
        """Return what is left of a batch: not withdrawn, not settled, not handed back."""
        query = select(MERGE_QUEUE.c.attempt_id).where(MERGE_QUEUE.c.batch == batch, _is_taken())
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(query).scalars())

    def hand_back(self, batch: uuid.UUID, attempt_id: uuid.UUID | None = None) -> None:
        """Let what was taken wait again: one change of a batch, or all that is left of it."""
        found = update(MERGE_QUEUE).where(MERGE_QUEUE.c.batch == batch, _is_taken())
        if attempt_id is not None:
            found = found.where(MERGE_QUEUE.c.attempt_id == attempt_id)
        with transaction(self._engine) as connection:
            connection.execute(found.values(state=QueueState.WAITING, batch=None))

    def _go_on_holding(self, own: dict[str, Any], ended: threading.Event) -> None:
        while not ended.wait(HOLD_SECONDS / 3):
            try:
                with transaction(self._engine) as connection:
                    connection.execute(_HOLD, own)
            except ServiceUnreachableError as error:
                _LOG.warning("a branch cannot be held any longer: %s", error)

    def _let_go(self, own: dict[str, Any]) -> None:
        try:
            with transaction(self._engine) as connection:
                connection.execute(delete(LANDERS).where(LANDERS.c.holder == own["holder"]))
        except ServiceUnreachableError as error:
            _LOG.warning("a branch stays held for %g s: %s", HOLD_SECONDS, error)


def take_out(connection: Connection, batch: uuid.UUID, attempt_ids: Sequence[uuid.UUID]) -> bool:
    """Take changes out as they land; say whether all of them were still wanted.

    Args:
        connection: in the transaction that lands them.
        batch: that they were taken in.
        attempt_ids: whose they are.
    """
    found = (MERGE_QUEUE.c.batch == batch, MERGE_QUEUE.c.attempt_id.in_(attempt_ids), _is_taken())
    locked = select(MERGE_QUEUE.c.attempt_id).where(*found).with_for_update()
    if len(connection.execute(locked).all()) < len(attempt_ids):
        return False
    connection.execute(delete(MERGE_QUEUE).where(*found))
    return True


def refuse(connection: Connection, batch: uuid.UUID, attempt_id: uuid.UUID, reason: str) -> bool:
    """Say why a change that was taken cannot land; return False if it was withdrawn meanwhile.

    Args:
        connection: in the transaction that keeps what it wanted.
        batch: that it was taken in.
        attempt_id: whose it is.
        reason: for whoever waits.
    """
    columns = MERGE_QUEUE.c
    found = update(MERGE_QUEUE).where(
        columns.batch == batch, columns.attempt_id == attempt_id, _is_taken()
    )
    values = {"state": QueueState.REFUSED, "batch": None, "reason": storable(reason)}
    return connection.execute(found.values(settled_at=func.now(), **values)).rowcount > 0


def _clean_up(connection: Connection, branch: uuid.UUID) -> None:
    """Begin a turn: what is taken was left behind, and old refusals have been read by now."""
    columns = MERGE_QUEUE.c
    connection.execute(
        update(MERGE_QUEUE)
        .where(columns.branch_id == branch, _is_taken())
        .values(state=QueueState.WAITING, batch=None)
    )
    age = func.now() - columns.settled_at
    connection.execute(
        delete(MERGE_QUEUE).where(
            columns.branch_id == branch,
            columns.state == QueueState.REFUSED,
            func.extract("epoch", age) > REFUSED_HOURS * 3600,
        )
    )


def _is_taken() -> Any:
    return MERGE_QUEUE.c.state == QueueState.TAKEN


def _queued(row: Row[Any]) -> Queued:
    operations = tuple(
        Operation.of_payload(each["kind"], uuid.UUID(each["node_id"]), each["payload"], UNSTAMPED)
        for each in row.operations
    )
    change = Change(row.base, operations, row.author, row.attempt_id, row.note)
    return Queued(change, frozenset(row.gained), frozenset(row.flaky))


def _as_json(operation: Operation) -> dict[str, Any]:
    return {
        "kind": operation.kind.value,
        "node_id": str(operation.node_id),
        "payload": operation.payload,
    }
