"""Old landings are forgotten: what only they showed is no longer kept.

The log stays whole, so that lineage and exchange with other hubs do. What is forgotten are the
versions of nodes and edges that ended before the horizon of a branch. Of a node that went
elsewhere one version stays for each place that it had, without its text: a partial copy goes on to
follow what ever was in its scope, and nothing else here tells that.
"""

from sqlalchemy import Connection, text

from swarm_workers.source.errors import PurgedLandingError
from swarm_workers.source.log.lanes import hold_branch
from swarm_workers.source.reading import branch_uuid, read_landing

_HORIZON = text("SELECT horizon FROM branches WHERE branch_id = :branch")
_KEPT = text(f"{_HORIZON.text} FOR SHARE")
_LOCKED = text(f"{_HORIZON.text} FOR NO KEY UPDATE")
_OLDEST_FORK = text("SELECT min(parent_landing) FROM branches WHERE parent_branch = :branch")
_RAISE = text("UPDATE branches SET horizon = :horizon WHERE branch_id = :branch")
_FORGET = (
    text(
        """
        DELETE FROM nodes n WHERE n.branch_id = :branch AND n.landing_to <= :horizon
            AND ((n.file_id IS NULL AND n.path IS NULL) OR EXISTS (
                SELECT FROM nodes o WHERE o.branch_id = n.branch_id AND o.node_id = n.node_id
                    AND o.landing_from > n.landing_from
                    AND o.file_id IS NOT DISTINCT FROM n.file_id
                    AND o.path IS NOT DISTINCT FROM n.path))
        """
    ),
    text(
        """
        UPDATE nodes SET lead = '', text = '' WHERE branch_id = :branch
            AND landing_to <= :horizon AND lead || text <> ''
        """
    ),
    text("DELETE FROM edges WHERE branch_id = :branch AND landing_to <= :horizon"),
)


def require_kept(connection: Connection, branch_id: str, landing: int) -> None:
    """Refuse a landing that was purged, and see to it that it stays until the transaction ends.

    Raises:
        PurgedLandingError: it was purged.
    """
    horizon: int = connection.execute(_KEPT, {"branch": branch_uuid(branch_id)}).scalar_one()
    if landing < horizon:
        raise PurgedLandingError(branch_id, landing, horizon)


def purge_landings(connection: Connection, branch_id: str, horizon: int) -> int:
    """Forget landings older than one, and return the oldest that is left. Blocks.

    Raises:
        UnknownBranchError: there is no such branch.
        UnknownLandingError: the branch has no landing of that number.
    """
    branch = {"branch": branch_uuid(branch_id)}
    hold_branch(connection, branch["branch"])
    read_landing(connection, branch_id, horizon)
    before: int = connection.execute(_LOCKED, branch).scalar_one()
    oldest_fork: int | None = connection.execute(_OLDEST_FORK, branch).scalar_one()
    oldest = max(before, horizon if oldest_fork is None else min(horizon, oldest_fork))
    for statement in (_RAISE, *_FORGET):
        connection.execute(statement, branch | {"horizon": oldest})
    return oldest
