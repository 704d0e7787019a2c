"""Operations of another hub join a branch, all of them or none.

They come with their own stamps and are merged by these, whatever landed here meanwhile: registers
do not mind the order. What comes in becomes one landing, which nothing has tested: that a head is
tested, and that names are unique, only the hub itself can promise.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, text

from swarm_workers.source import reading
from swarm_workers.source.errors import UnknownBranchError
from swarm_workers.source.log import lanes, sealing
from swarm_workers.source.log.blobs import BlobAssembly
from swarm_workers.source.log.errors import (
    NEVER_WRITTEN,
    AlteredOperationError,
    MissingOperationsError,
    OtherScopeError,
    RunawayLamportError,
    UnknownVectorError,
)
from swarm_workers.source.log.landings import LandingEntry, record_landing
from swarm_workers.source.log.replay import require_held
from swarm_workers.source.log.staging import Staged, Staging
from swarm_workers.source.log.vectors import join, missing
from swarm_workers.source.log.wholeness import drop_unchanged, require_whole
from swarm_workers.source.log.wire import BlobPart, Entry, Header
from swarm_workers.source.log.wire_reading import read_items
from swarm_workers.source.reading import state_of
from swarm_workers.source.values import Landing
from tasks_schema.tables.source import BRANCHES

LAMPORT_LEAP_MAX = 1_000_000
"""How far ahead of all that was seen a Lamport time may be: a branch that forked off late, or is
here in part, leaves gaps, a forged one would win over all others for ever."""
BATCH_OPERATIONS_MAX = 5_000
BATCH_BYTES_MAX = 2 << 20

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(5353, 1)")
_SCOPE = text("SELECT scope FROM branches WHERE branch_id = :branch")
_ADVANCE = text(
    """
    INSERT INTO version_vectors AS v (branch_id, author, max_seq, max_lamport)
    VALUES (:branch, :author, :seq, :lamport)
    ON CONFLICT (branch_id, author) DO UPDATE SET
        max_seq = greatest(v.max_seq, excluded.max_seq),
        max_lamport = greatest(v.max_lamport, excluded.max_lamport)
    """
)


@dataclass(frozen=True, slots=True)
class Received:
    """What an import came to."""

    branch_id: str
    operations: int
    """How many were merged: those that the branch had not seen. A partial copy merges all that
    come, since it cannot tell which it was sent before; twice merged, one counts once."""
    known: int
    """How many the branch had seen, and were only compared; none of a partial copy's."""
    landing: int
    """The head: the landing that holds them."""


def receive(connection: Connection, lines: Iterable[bytes]) -> Received:
    """Merge operations into their branch, made if there is none, and return what that came to.

    From the first line to the end of the transaction nobody else writes to the branch. Memory is
    bounded by one batch of lines, one blob and the tree, not by the number of operations.

    Raises:
        OperationsFileError: a line cannot be taken, or there is none.
        MissingOperationsError: operations that these build on are not here.
        AlteredOperationError: an operation differs from the one of its name that is here.
        RunawayLamportError: an operation claims a time that nobody can have come to.
        UnknownNodeError: an operation is about a node that nobody inserted.
        OtherScopeError: the branch here is limited to another path.
    """
    items = read_items(lines)
    number, header = next(items)
    assert isinstance(header, Header), f"line {number} was read as the first"
    connection.execute(_ONE_AT_A_TIME)
    lanes.hold_branch(connection, header.branch_id)
    receiving = _Receiving(connection, header, _find_head(connection, header))
    for number, item in items:
        if isinstance(item, Entry):
            receiving.take(number, item)
        elif isinstance(item, BlobPart):
            receiving.take_blob(number, item)
    return receiving.finish(number)


def _find_head(connection: Connection, header: Header) -> Landing | None:
    """Return the head of the branch here, all that was pushed to it landed; None if it is new."""
    branch_id = str(header.branch_id)
    try:
        head = reading.read_landing(connection, branch_id, None)
    except UnknownBranchError:
        values = {"branch_id": header.branch_id, "name": header.name, "scope": header.scope}
        connection.execute(insert(BRANCHES).values(values))
        return None
    return sealing.seal_pushed(connection, head)


class _Receiving:
    """One import on its way."""

    def __init__(self, connection: Connection, header: Header, head: Landing | None) -> None:
        self._connection = connection
        self._header = header
        self._head = head
        self._before = dict(head.version_vector) if head is not None else {}
        self._vector = dict(self._before)
        self._is_partial = self._check_scope()
        self._check_since()
        self._check_until()
        self._lamports: dict[str, int] = {}
        self._newest = lanes.newest_lamport(connection, header.branch_id)
        self._staging = Staging(connection, header.branch_id)
        self._batch: list[Staged] = []
        self._batch_bytes = 0
        self._blobs = BlobAssembly(connection)
        self._new = 0
        self._known = 0

    def _check_scope(self) -> bool:
        """Return whether the branch here is a partial copy.

        Raises:
            OtherScopeError: one of another path than the operations.
        """
        where = {"branch": self._header.branch_id}
        held: str | None = self._connection.execute(_SCOPE, where).scalar_one()
        if held is not None and held != self._header.scope:
            raise OtherScopeError(str(self._header.branch_id), self._header.scope, held)
        return held is not None

    def _check_since(self) -> None:
        for author, seq in sorted(self._header.since.items()):
            held = self._vector.get(author, 0)
            if seq > held:
                raise MissingOperationsError(author, seq + 1, held)

    def _check_until(self) -> None:
        """Refuse to count as seen what this store itself would have written, and has not."""
        tag = lanes.hub_tag(self._connection)
        until = self._header.until
        own = {author: until[author] for author in until if author.startswith(f"{tag}:")}
        try:
            require_held(self._connection, own)
        except UnknownVectorError as error:
            raise AlteredOperationError(error.author, error.seq, NEVER_WRITTEN) from error

    def take(self, number: int, entry: Entry) -> None:
        """Take one operation; those that were held back for it are merged now and then."""
        stamp = entry.operation.stamp
        held = self._vector.get(stamp.author, 0)
        if stamp.lamport > self._newest + LAMPORT_LEAP_MAX:
            raise RunawayLamportError(stamp.lamport, self._newest + LAMPORT_LEAP_MAX)
        if stamp.author_seq > held + 1 and not self._is_partial:
            raise MissingOperationsError(stamp.author, stamp.author_seq, held)
        self._newest = max(self._newest, stamp.lamport)
        self._lamports[stamp.author] = max(self._lamports.get(stamp.author, 0), stamp.lamport)
        self._vector[stamp.author] = max(held, stamp.author_seq)
        payload = json.dumps(entry.operation.payload)
        is_new = stamp.author_seq > held or self._is_partial
        self._batch.append(Staged(number, entry, payload, is_new=is_new))
        self._batch_bytes += len(payload)
        if len(self._batch) >= BATCH_OPERATIONS_MAX or self._batch_bytes >= BATCH_BYTES_MAX:
            self._flush()

    def take_blob(self, number: int, part: BlobPart) -> None:
        """Take one part of a blob."""
        self._blobs.take(number, part)

    def _flush(self) -> None:
        new = self._staging.merge(self._batch)
        self._new += new
        self._known += len(self._batch) - new
        self._batch, self._batch_bytes = [], 0

    def finish(self, number: int) -> Received:
        """Merge what is left, look whether anything is missing, and make it a landing."""
        self._blobs.require_whole(number)
        self._flush()
        runs = [] if self._is_partial else missing(self._before, self._vector)
        self._advance()
        require_whole(self._connection, self._header.branch_id, number, runs=runs)
        landing = self._land()
        return Received(str(self._header.branch_id), self._new, self._known, landing)

    def _advance(self) -> None:
        """Say what has been seen; what is left out of a partial copy counts as seen."""
        if self._is_partial:
            self._vector = join(self._vector, self._header.until)
        for run in missing(self._before, self._vector):
            row = {"author": run.author, "seq": run.last}
            row |= {"lamport": self._lamports.get(run.author, 0)}
            self._connection.execute(_ADVANCE, {"branch": self._header.branch_id} | row)

    def _land(self) -> int:
        branch, head = self._header.branch_id, self._head
        if self._is_partial:  # it is sent again what came into the scope, and may have it already
            drop_unchanged(self._connection, branch)
        if head is not None and not sealing.is_pushed(self._connection, branch):
            return head.number
        number = head.number + 1 if head is not None else 0
        state = state_of(self._connection, str(branch), head.number) if head is not None else None
        sealing.seal_nodes(self._connection, branch, state, number)
        sealing.seal_edges(self._connection, branch, number)
        entry = LandingEntry(number, "import", {}, note=f"{self._new} operations of another hub")
        record_landing(self._connection, branch, entry, self._vector)
        return number
