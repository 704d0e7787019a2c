"""The orchestrator's connections, made once in a process."""

import redis
from sqlalchemy import Engine, create_engine, make_url

from orchestrator.launch.refill import Parts
from orchestrator.settings import OrchestratorSettings
from swarm_workers.coordination.spaces import Spaces

CONNECT_SECONDS_MAX = 5


def engine_of(settings: OrchestratorSettings) -> Engine:
    """Return an engine for the swarm's Postgres; connects on first use."""
    url = make_url(settings.require_database_url()).set(drivername="postgresql+psycopg")
    return create_engine(
        url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS_MAX}
    )


def connect(settings: OrchestratorSettings) -> Parts:
    """Return what launching, watching and refilling need; connects on first use.

    Raises:
        ConfigurationError: no server is named and no embedded stack runs.
    """
    redis_url = settings.require_redis_url()
    client = redis.Redis.from_url(redis_url, socket_connect_timeout=CONNECT_SECONDS_MAX)
    return Parts(engine_of(settings), Spaces(redis_url), client, settings)
