"""Operations leave for another hub: those that it has not seen, and no others.

What has landed is sent, in the order of the stamps, so that whoever reads it never meets an effect
before its cause. Few rows are in memory at once, whatever the size of the log.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from swarm_workers.source import reading
from swarm_workers.source.log import wire
from swarm_workers.source.log.errors import UnknownScopeError
from swarm_workers.source.log.replay import STREAMED, landing_below, read_log
from swarm_workers.source.log.scoping import nodes_in_scope, path_of, paths_known
from swarm_workers.source.log.vectors import Vector, missing
from swarm_workers.source.log.wire import Header
from swarm_workers.source.reading import branch_uuid, read_blobs, state_of
from swarm_workers.source.tree_files import is_blob_name
from tasks_schema.ids import NodeId

_BRANCH = text("SELECT name, scope FROM branches WHERE branch_id = :branch")
_OF_NODES = text(
    """
    SELECT o.author, o.author_seq, o.lamport, o.kind, o.node_id, o.attempt_id, o.payload
    FROM operations o
    JOIN unnest(CAST(:authors AS text[]), CAST(:sinces AS bigint[]), CAST(:untils AS bigint[]))
        AS v(author, since, until) ON o.author = v.author COLLATE "C" AND o.author_seq <= v.until
    WHERE o.node_id = ANY(:nodes) AND (o.author_seq > v.since OR o.node_id = ANY(:entering))
    ORDER BY o.lamport, o.author, o.author_seq
    """
).bindparams(
    bindparam("nodes", type_=ARRAY(UUID(as_uuid=True))),
    bindparam("entering", type_=ARRAY(UUID(as_uuid=True))),
)


def export_lines(
    connection: Connection, branch_id: str, since: Vector, scope: str | None
) -> Iterator[bytes]:
    """Yield a branch's operations that `since` has not seen, as lines of `wire`.

    Args:
        connection: in a transaction that lasts until the last line.
        branch_id: the branch, as far as it has landed.
        since: what the reader has seen; authors that are not known here do not matter.
        scope: the path of a folder or a file, or a module's dotted one; what is not in it is left
            out. None means all.

    Raises:
        UnknownBranchError: there is no such branch.
        UnknownScopeError: there is no such path.
    """
    head = reading.read_landing(connection, branch_id, None)
    branch = connection.execute(_BRANCH, {"branch": branch_uuid(branch_id)}).one()
    if scope is not None:
        scope = path_of(connection, state_of(connection, branch_id, head.number), scope)
    until = head.version_vector
    seen = {author: min(seq, until[author]) for author, seq in since.items() if author in until}
    rows = (
        read_log(connection, missing(seen, until))
        if scope is None
        else _rows_in_scope(connection, branch_id, seen, until, scope)
    )
    # A partial copy sends all that it has: no more than its scope was ever in it.
    limit = scope if scope is not None else branch.scope
    yield wire.header_line(Header(branch_uuid(branch_id), branch.name, seen, until, limit))
    count, sent = 0, set[str]()
    for row in rows:
        yield from _blobs_of(connection, row, sent)
        yield wire.entry_line(row)
        count += 1
    yield wire.end_line(count)


def _rows_in_scope(
    connection: Connection, branch_id: str, since: Vector, until: Vector, scope: str
) -> Iterator[Any]:
    """Yield what was done to nodes of a scope; all that ever was, to those that came into it."""
    below = landing_below(connection, branch_id, since)
    before: Collection[NodeId] = frozenset()
    if below is not None:
        before = nodes_in_scope(connection, state_of(connection, branch_id, below.number), scope)
    after = nodes_in_scope(connection, state_of(connection, branch_id, None), scope)
    if not before and not after:
        known = paths_known(connection, state_of(connection, branch_id, None))
        raise UnknownScopeError(branch_id, scope, get_close_matches(scope, sorted(known), n=3))
    values: Mapping[str, Any] = {
        "authors": list(until),
        "sinces": [since.get(author, 0) for author in until],
        "untils": list(until.values()),
        "nodes": list(set(before) | set(after)),
        "entering": list(set(after) - set(before)),
    }
    with connection.execute(_OF_NODES, values, execution_options=STREAMED) as rows:
        yield from rows


def _blobs_of(connection: Connection, row: Any, sent: set[str]) -> Iterator[bytes]:
    """Yield the lines of the blob that an operation names, unless they were sent before."""
    named = row.payload.get("text", "")
    if not is_blob_name(named) or named in sent:
        return
    for sha256, data in read_blobs(connection, [named]).items():
        sent.add(sha256)
        yield from wire.blob_lines(sha256, data)
