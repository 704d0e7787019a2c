"""Stop means stop: after this returns no attempt of the swarm starts."""

from orchestrator.launch.parts import Parts
from tasks_schema.kinds import SwarmStatus


def stop(parts: Parts, swarm_id: str, reason: str) -> bool:
    """End a swarm as stopped; say whether it was still running. One transaction.

    Every claim of a turn reads the swarm's state in the transaction that grants it, so none is
    granted after this one; attempts that run look at it twice a second and end.
    """
    shared = parts.spaces.shared(swarm_id)
    return shared.stm.atomically(shared.end, SwarmStatus.STOPPED, reason)
