"""The operation log of one database, and of what is in it each branch has seen.

The front of this folder, beside `SourceStore`, which is the front for trees. Every method blocks
for its queries, and raises `ServiceUnreachableError` if Postgres does not answer.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Engine

from swarm_workers.errors import ServiceUnreachableError
from swarm_workers.postgres import snapshot, transaction
from swarm_workers.protocols import Tree
from swarm_workers.source import reading
from swarm_workers.source.log import lanes, replay, sealing
from swarm_workers.source.log.exporting import export_lines
from swarm_workers.source.log.purging import purge_landings
from swarm_workers.source.log.pushing import Push, Pushed, is_one_statement, push
from swarm_workers.source.log.receiving import Received, receive
from swarm_workers.source.log.spooling import spooled
from swarm_workers.source.log.vectors import Vector
from swarm_workers.source.reading import branch_uuid
from swarm_workers.source.values import Landing
from tasks_schema.messages.source import Operation

_T = TypeVar("_T")
_TRIES_MAX = 5
_LOST_A_RACE = frozenset(["40P01", "40001"])
"""Deadlock, and failure to serialize: the transaction is undone, and may be tried again."""


class OperationLog:
    """Operations of all branches in one database. May be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine (`postgresql+psycopg`) to query through; its schema is current."""
        self._engine = engine
        self._at_once = engine.execution_options(isolation_level="AUTOCOMMIT")

    def push(
        self,
        branch_id: str,
        operations: Sequence[Operation],
        *,
        base: int,
        push_id: uuid.UUID,
    ) -> Pushed:
        """Merge operations into a branch; pushed twice they count once.

        They are part of `vector` at once, and of the head after `seal` or the next landing.

        Args:
            branch_id: the branch.
            operations: at least one; those that say nothing of a register leave it.
            base: the landing that they were made on.
            push_id: of the attempt that made them.

        Raises:
            UnknownBranchError: there is no such branch.
            UnknownLandingError: the base is no landing of it.
            PurgedLandingError: the base is older than what the branch still holds.
            RunawayLamportError: an operation claims a time that nobody can have come to.
            UnknownNodeError: an operation speaks of a node that the branch does not know.
            UnsoundOperationError: an operation that no tree can hold.
        """
        pushing = Push(branch_id, base, push_id, operations)
        # A statement is a transaction of its own: to begin and to commit would be two more trips.
        engine = self._at_once if is_one_statement(operations) else self._engine
        return self._retried(lambda connection: push(connection, pushing), engine)

    def seal(self, branch_id: str) -> Landing:
        """Return the head, after all that was pushed to a branch became a landing of its own."""
        return self._retried(lambda connection: _seal(connection, branch_id))

    def purge(self, branch_id: str, horizon: int) -> int:
        """Forget landings older than one, and return the oldest that is left.

        A fork keeps the landing that it came from. Operations stay: a purged state can still be
        checked out by its vector, at the price of a replay.

        Raises:
            UnknownBranchError: there is no such branch.
            UnknownLandingError: the branch has no landing of that number.
        """
        with transaction(self._engine) as connection:
            return purge_landings(connection, branch_id, horizon)

    def vector(self, branch_id: str) -> dict[str, int]:
        """Return what a branch has seen, what was pushed since its newest landing included."""
        with snapshot(self._engine) as connection:
            head = reading.read_landing(connection, branch_id, None)
            return sealing.live_vector(connection, branch_uuid(branch_id), head.version_vector)

    def checkout_at(self, branch_id: str, vector: Vector) -> Tree:
        """Return the files of the state that a vector speaks of, byte for byte.

        Raises:
            UnknownVectorError: it names operations that are not here.
            UnknownBranchError: there is no such branch.
        """
        with snapshot(self._engine) as connection:
            return replay.tree_at(connection, branch_id, vector)

    def export(
        self, branch_id: str, since: Vector | int | None = None, scope: str | None = None
    ) -> Iterator[bytes]:
        """Yield what landed on a branch and somebody has not seen, as lines for `import_lines`.

        Args:
            branch_id: the branch.
            since: what they have seen: a vector, or a landing of this branch; None is nothing.
            scope: the path of a folder or a file, or a module's dotted one, to leave out what is
                not in it; None means all.

        Raises:
            UnknownBranchError: there is no such branch.
            UnknownLandingError: the branch has no such landing.
            UnknownScopeError: the branch has no such path.
        """
        with snapshot(self._engine) as connection:
            if isinstance(since, int):
                since = reading.read_landing(connection, branch_id, since).version_vector
            yield from export_lines(connection, branch_id, since or {}, scope)

    def import_lines(self, lines: Iterable[bytes]) -> Received:
        """Merge what another hub exported, all of it or nothing; what is here already stays.

        Nobody is kept from the branch before the last line has come.

        Raises:
            OperationsFileError: a line cannot be taken, or there is none.
            MissingOperationsError: operations that these build on are not here.
            AlteredOperationError: an operation differs from the one of its name that is here.
            RunawayLamportError: an operation claims a time that nobody can have come to.
            UnknownNodeError: an operation is about a node that nobody inserted.
            OtherScopeError: the branch here is limited to another path.
        """
        with spooled(lines) as kept, transaction(self._engine) as connection:
            return receive(connection, kept)

    def _retried(self, work: Callable[[Connection], _T], engine: Engine | None = None) -> _T:
        """Return what a transaction returns, begun anew while it loses races against others."""
        engine = engine or self._engine
        for _ in range(_TRIES_MAX - 1):
            try:
                with transaction(engine) as connection:
                    return work(connection)
            except ServiceUnreachableError as error:
                driver_error = getattr(error.__cause__, "orig", None)
                if getattr(driver_error, "sqlstate", None) not in _LOST_A_RACE:
                    raise
        with transaction(engine) as connection:
            return work(connection)


def _seal(connection: Connection, branch_id: str) -> Landing:
    lanes.hold_branch(connection, branch_uuid(branch_id))
    return sealing.seal_pushed(connection, reading.read_landing(connection, branch_id, None))
