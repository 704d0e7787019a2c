"""The source store: code as nodes, changes as operations, states as landings of branches.

The front of this room: all else in it is pure, or reads or writes rows for the methods here. Every
method blocks for its queries, and raises `ServiceUnreachableError` if Postgres does not answer.
"""

import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.postgresql import insert as upsert

from swarm_workers.clock import Clock, RealClock
from swarm_workers.daily import DaysMade
from swarm_workers.postgres import snapshot, transaction
from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source import reading, writing
from swarm_workers.source.branching import land_change, make_fork
from swarm_workers.source.failed import keep_failed, read_clashes
from swarm_workers.source.importing import import_operations
from swarm_workers.source.joining import join
from swarm_workers.source.loading import blob_reader
from swarm_workers.source.log import lanes, sealing
from swarm_workers.source.log.landings import LandingEntry
from swarm_workers.source.lookup import read_module_names, read_scope
from swarm_workers.source.node_ids import IdSource
from swarm_workers.source.reading import branch_uuid, state_of
from swarm_workers.source.scope import Scope
from swarm_workers.source.shape import shape_of
from swarm_workers.source.tree_diff import Changes, diff_tree
from swarm_workers.source.tree_files import storable, tree_digest
from swarm_workers.source.values import (
    Branch,
    Change,
    Clash,
    HeadMoved,
    Joined,
    Landing,
)
from tasks_schema.messages.source import Operation
from tasks_schema.tables.source import BRANCHES


class SourceStore:
    """Branches of code in one database. May be shared by threads."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        """Take the engine (`postgresql+psycopg`) to query through.

        Args:
            engine: its schema is current.
            clock: for ids and expiry; None means the machine's.
        """
        self._engine = engine
        self._clock = clock or RealClock()
        self._days = DaysMade()

    def import_tree(self, tree: Tree, *, name: str) -> Branch:
        """Return a branch whose landing 0 is this tree; a tree imported before keeps its branch.

        Raises:
            UnsafePathError: a path that no file can have.
        """
        digest = tree_digest(tree)
        with transaction(self._engine) as connection:
            known = _branch_of_digest(connection, digest)
        if known is not None:
            return Branch(str(known))
        operations = import_operations(tree, self._ids())
        branch = self._new_branch()
        with transaction(self._engine) as connection:
            values = {"branch_id": branch, "name": storable(name), "digest": digest}
            made = connection.execute(
                upsert(BRANCHES)
                .values(values)
                .on_conflict_do_nothing(index_elements=["digest"])
                .returning(BRANCHES.c.branch_id)
            ).scalar()
            if made is None:  # somebody imported the same tree while we took it apart
                return Branch(str(_branch_of_digest(connection, digest)))
            lane = lanes.open_lane(connection, branch, 0)
            entry = LandingEntry(0, "import", {}, note="import")
            stamped = writing.restamp(lane, operations)
            writing.write_landing(connection, lane, entry, stamped, {})
        return Branch(str(branch))

    def fork(self, branch_id: str, landing: int) -> str:
        """Return the id of a new branch whose landing 0 is this landing. Writes three rows."""
        branch = self._new_branch()
        with transaction(self._engine) as connection:
            make_fork(connection, branch, reading.read_landing(connection, branch_id, landing))
        return str(branch)

    def head(self, branch_id: str) -> Landing:
        """Return the newest landing of a branch."""
        with transaction(self._engine) as connection:
            return reading.read_landing(connection, branch_id, None)

    def landing(self, branch_id: str, number: int) -> Landing:
        """Return one landing of a branch."""
        with transaction(self._engine) as connection:
            return reading.read_landing(connection, branch_id, number)

    def landing_of_attempt(self, attempt_id: uuid.UUID) -> Landing | None:
        """Return the landing that an attempt made; None if it made none."""
        with transaction(self._engine) as connection:
            return reading.read_landing_of_attempt(connection, attempt_id)

    def checkout(self, branch_id: str, landing: int | None = None) -> Tree:
        """Return the files of a landing, byte for byte; None is the head."""
        with snapshot(self._engine) as connection:
            return reading.read_tree(connection, state_of(connection, branch_id, landing))

    def read_file(self, branch_id: str, path: str, landing: int | None = None) -> TreeFile | None:
        """Return one file of a landing, None if it has none; a landing of None is the head."""
        with snapshot(self._engine) as connection:
            return reading.read_file(connection, state_of(connection, branch_id, landing), path)

    def files_changed(self, branch_id: str, since: int, until: int) -> frozenset[str]:
        """Return the paths, old and new, of files touched by landings after `since` to `until`."""
        with snapshot(self._engine) as connection:
            before = state_of(connection, branch_id, since)
            after = state_of(connection, branch_id, until)
            touched = reading.read_touched(connection, branch_id, since, until)
            return reading.read_paths(connection, before, touched) | reading.read_paths(
                connection, after, touched
            )

    def propose(self, branch_id: str, base: int, changes: Changes) -> tuple[Operation, ...]:
        """Return the operations that make these changes to the tree of a landing.

        Args:
            branch_id: the branch.
            base: the landing that the changes were made on.
            changes: files as they are to be, by path; None for one that is to go.

        Raises:
            UnsafePathError: a path that no file can have.
        """
        with snapshot(self._engine) as connection:
            state = state_of(connection, branch_id, base)
            structure = reading.read_nodes(connection, state)
            files = shape_of(structure).files
            file_ids = [files[path] for path in changes if path in files]
            contents = reading.read_nodes(
                connection, state, file_ids=file_ids, with_structure=False
            )
            nodes = {**structure, **contents}
            return diff_tree(nodes, changes, self._ids(), blob_reader(connection, ()))

    def join(self, branch_id: str, changes: Sequence[Change]) -> Joined:
        """Return what the head would be with several changes; those that clash are left out.

        Nothing is written. The caller tests the joined state, then lands all of its parts at once.
        """
        with snapshot(self._engine) as connection:
            return join(connection, branch_id, changes)

    def land(  # noqa: PLR0913 - a landing is all of this
        self,
        branch_id: str,
        *,
        expected_head: int,
        operations: Sequence[Operation],
        author: str,
        attempt_id: uuid.UUID,
        exit_status: int | None,
        note: str = "",
    ) -> Landing | HeadMoved:
        """Put operations on the head, in one transaction; an attempt lands once however often.

        As `land_all` does for several, whose errors it raises.

        Args:
            branch_id: the branch.
            expected_head: the head that the operations were made or joined on.
            operations: as `propose` or `join` gave them; stamped anew here.
            author: the agent.
            attempt_id: a second landing of it changes nothing and returns the first one's.
            exit_status: of the success command on just this state.
            note: what was changed, for people.
        """
        change = Change(expected_head, tuple(operations), author, attempt_id, note)
        landed = self.land_all(
            branch_id, expected_head=expected_head, changes=[change], exit_status=exit_status
        )
        return landed if isinstance(landed, HeadMoved) else landed[0]

    def land_all(
        self,
        branch_id: str,
        *,
        expected_head: int,
        changes: Sequence[Change],
        exit_status: int | None,
        is_wanted: Callable[[Connection], bool] = lambda _connection: True,
    ) -> list[Landing] | HeadMoved:
        """Put changes that were tested together on the head: a landing each, all or none of them.

        The head goes from one tested state to another: nobody sees it at a landing between.
        What was pushed since the head becomes a landing of its own first, and moves it.

        Args:
            branch_id: the branch.
            expected_head: the head that the operations were made or merged on.
            changes: in the order in which they were joined, with the operations that came of that,
                which are stamped anew here. If one of them has landed already, nothing is changed.
            exit_status: of the success command on the state after the last; those between were not
                tested.
            is_wanted: asked in the transaction; False leaves all as it is.

        Returns:
            The landings, those that were made before among them; or where the head is, if it is
            not as expected, or if this is not wanted any more.

        Raises:
            EmptyLandingError: one of the changes has no operations.
            StaleOperationError: they do not fit the expected head.
            UnknownBranchError: there is no such branch.
        """
        with transaction(self._engine) as connection:
            branch = branch_uuid(branch_id)
            lanes.hold_branch(connection, branch)
            before = [
                landed
                for each in changes
                if (landed := reading.read_landing_of_attempt(connection, each.attempt_id))
            ]
            if len(before) == len(changes):
                return before
            head = sealing.seal_pushed(
                connection, reading.read_landing(connection, branch_id, None)
            )
            if before or head.number != expected_head or not is_wanted(connection):
                return HeadMoved(head.number)
            landings: list[Landing] = []
            for each in changes:
                is_last = each is changes[-1]
                status = exit_status if is_last else None
                head = land_change(connection, head, each, status, is_last=is_last)
                landings.append(head)
            return landings

    def fail(
        self,
        attempt_id: uuid.UUID,
        operations: Sequence[Operation],
        reason: str,
        clashes: Sequence[Clash] = (),
        is_wanted: Callable[[Connection], bool] = lambda _connection: True,
    ) -> None:
        """Keep what an attempt wanted and why it did not land, for `failed.KEPT_DAYS`.

        A second call for one attempt changes nothing here, but asks `is_wanted` again: in the same
        transaction, whose writes it thus may add to. What is not wanted is not kept.
        """
        now = self._clock.now()
        with transaction(self._engine) as connection:
            keep_failed(
                connection,
                attempt_id,
                operations,
                reason,
                clashes=clashes,
                is_wanted=is_wanted,
                days=self._days,
                now=now,
            )

    def clashes(self, attempt_id: uuid.UUID) -> tuple[Clash, ...]:
        """Return where a failed attempt did not go together with the head, while that is kept."""
        with transaction(self._engine) as connection:
            return read_clashes(connection, attempt_id)

    def paths_in_scope(self, branch_id: str, landing: int, dotted: Sequence[str]) -> Scope:
        """Return the files that dotted paths mean, and which lines of each.

        A path that is a module or a package means whole files (None); one that goes down to a class
        or a function means its lines. `src/` in front of a package does not count. A path that
        means nothing adds nothing: offer `module_names` that are near.
        """
        with snapshot(self._engine) as connection:
            return read_scope(connection, state_of(connection, branch_id, landing), dotted)

    def module_names(self, branch_id: str, landing: int) -> tuple[str, ...]:
        """Return all dotted paths that `paths_in_scope` knows, down to classes and functions."""
        with snapshot(self._engine) as connection:
            return read_module_names(connection, state_of(connection, branch_id, landing))

    def _ids(self) -> IdSource:
        return IdSource(self._clock)

    def _new_branch(self) -> uuid.UUID:
        return self._ids()()


def _branch_of_digest(connection: Connection, digest: str) -> uuid.UUID | None:
    found: uuid.UUID | None = connection.execute(
        select(BRANCHES.c.branch_id).where(BRANCHES.c.digest == digest)
    ).scalar()
    return found
