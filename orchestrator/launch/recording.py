"""A new swarm made known: to workers, to Postgres, and to the refill, in this order."""

from sqlalchemy.dialects.postgresql import insert

from orchestrator.launch.parts import Parts
from swarm_workers.coordination.wake import wake_refill
from tasks_schema.kinds import SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.names import KEY_ACTIVE_SWARMS
from tasks_schema.tables.swarms import SWARMS


def record(spec: SwarmSpec, status: SwarmStatus, parts: Parts) -> None:
    """Write a swarm, its row last, and wake the refill, which hands out its attempts.

    A swarm that is recorded already stays as it is, so this may be called again.

    Args:
        spec: of the swarm.
        status: with which it begins.
        parts: connections.

    Raises:
        redis.RedisError, sqlalchemy.exc.OperationalError: a server does not answer.
    """
    parts.client.sadd(KEY_ACTIVE_SWARMS, spec.swarm_id)
    row = {"swarm_id": spec.swarm_id, "spec": spec.model_dump(mode="json"), "status": status}
    with parts.engine.begin() as connection:
        connection.execute(insert(SWARMS).values(row).on_conflict_do_nothing())
    wake_refill(parts.client, spec.swarm_id)
