"""The orchestrator's connections, made once in a process."""

from dataclasses import dataclass

import redis
from sqlalchemy import Engine, create_engine, make_url

from orchestrator.settings import OrchestratorSettings
from swarm_workers.coordination.spaces import Spaces

CONNECT_SECONDS_MAX = 5
REPLY_SECONDS_MAX = 15
"""The longest that Redis may leave a command unanswered: a refill holds a row's lock meanwhile."""
TCP_MILLISECONDS_MAX = 30_000
"""The longest that what was sent to Postgres may stay unacknowledged by its host."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What launching, watching and refilling need."""

    engine: Engine
    spaces: Spaces
    client: redis.Redis
    settings: OrchestratorSettings


def connect(settings: OrchestratorSettings) -> Parts:
    """Return the parts; connections are made on first use.

    Raises:
        ConfigurationError: no server is named and no embedded stack runs.
    """
    redis_url = settings.require_redis_url()
    client = redis.Redis.from_url(
        redis_url, socket_connect_timeout=CONNECT_SECONDS_MAX, socket_timeout=REPLY_SECONDS_MAX
    )
    return Parts(_engine(settings), Spaces(redis_url), client, settings)


def _engine(settings: OrchestratorSettings) -> Engine:
    url = make_url(settings.require_database_url()).set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS_MAX,
            "tcp_user_timeout": TCP_MILLISECONDS_MAX,
        },
    )
