"""What came in from another hub, looked at before it becomes a landing: is anything missing?"""

import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, text

from swarm_workers.source.log.errors import OperationsFileError, UnknownNodeError
from swarm_workers.source.log.vectors import Run
from tasks_schema.tables.source import PUSHED

_UNBORN = text(
    "SELECT node_id FROM nodes WHERE branch_id = :branch AND landing_from = :pushed"
    " AND kind IS NULL ORDER BY node_id LIMIT 1"
)
_UNKNOWN = text("SELECT min(CAST(u AS text)) FROM unknown_nodes(:branch, :author, :first, :last) u")
_WITHOUT_BLOB = text(
    """
    SELECT n.node_id FROM nodes n WHERE n.branch_id = :branch AND n.landing_from = :pushed
        AND n.kind = 'blob' AND n.text ~ '^[0-9a-f]{64}$'
        AND NOT EXISTS (SELECT FROM blobs b WHERE b.sha256 = n.text)
    ORDER BY n.node_id LIMIT 1
    """
)
_DROP_UNCHANGED = text(
    """
    DELETE FROM nodes p USING nodes n
    WHERE p.branch_id = :branch AND p.landing_from = :pushed AND n.branch_id = p.branch_id
        AND n.node_id = p.node_id AND n.landing_to IS NULL AND n.landing_from < :pushed
        AND (p.birth_lamport, p.birth_author, p.birth_seq, p.place_lamport, p.place_author,
            p.place_seq, p.name_lamport, p.name_author, p.name_seq, p.lead_lamport, p.lead_author,
            p.lead_seq, p.text_lamport, p.text_author, p.text_seq, p.meta_lamport, p.meta_author,
            p.meta_seq)
        = (n.birth_lamport, n.birth_author, n.birth_seq, n.place_lamport, n.place_author,
            n.place_seq, n.name_lamport, n.name_author, n.name_seq, n.lead_lamport, n.lead_author,
            n.lead_seq, n.text_lamport, n.text_author, n.text_seq, n.meta_lamport, n.meta_author,
            n.meta_seq)
    """
)


def require_whole(
    connection: Connection, branch: uuid.UUID, number: int, *, runs: Sequence[Run]
) -> None:
    """Refuse operations on nodes that nobody inserted, and blobs without their bytes. Blocks.

    Args:
        connection: in the transaction of the import.
        branch: the branch, with all that came beside its landings.
        number: of the last line.
        runs: what came; empty for a partial copy, in which parents may be left out.

    Raises:
        UnknownNodeError: naming the node.
        OperationsFileError: naming the node whose bytes did not come.
    """
    where = {"branch": branch, "pushed": PUSHED}
    unknown = connection.execute(_UNBORN, where).scalar()
    for run in runs:
        values = {"author": run.author, "first": run.first, "last": run.last}
        unknown = unknown or connection.execute(_UNKNOWN, {"branch": branch} | values).scalar()
    if unknown is not None:
        raise UnknownNodeError(str(branch), unknown)
    bare = connection.execute(_WITHOUT_BLOB, where).scalar()
    if bare is not None:
        raise OperationsFileError(number, f"comes without the bytes of node '{bare}'")


def drop_unchanged(connection: Connection, branch: uuid.UUID) -> None:
    """Forget what came and says the same of its node as the newest landing does. Blocks."""
    connection.execute(_DROP_UNCHANGED, {"branch": branch, "pushed": PUSHED})
