"""What a swarm changed, as a patch that `git apply` takes."""

from sqlalchemy import Engine

from orchestrator.queries.status import SwarmRow
from swarm_workers.source.store import SourceStore
from swarm_workers.source.unified_diff import unified_diff


def patch_of(engine: Engine, swarm: SwarmRow) -> bytes:
    """Return the difference between the code as it was and the swarm's head; empty if none."""
    store = SourceStore(engine)
    before = store.checkout(swarm.spec.branch, swarm.spec.import_landing)
    after = store.checkout(swarm.branch)
    return unified_diff(before, after)
