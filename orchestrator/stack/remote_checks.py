"""Asking the two servers what they are, embedded or named."""

from dataclasses import dataclass

import psycopg
import redis

from orchestrator.errors import StackError

_SECONDS_MAX = 5


@dataclass(frozen=True)
class RedisDescription:
    """What a Redis, or Valkey, says of itself."""

    version: str
    appendonly: str
    """`yes` or `no`; empty where the server does not tell."""
    policy: str
    """Its `maxmemory-policy`; empty where the server does not tell."""

    @property
    def text(self) -> str:
        """The description for a person."""
        unknown = "not told"
        return (
            f"{self.version}, append-only file: {self.appendonly or unknown}, "
            f"policy: {self.policy or unknown}"
        )


def describe_redis(url: str) -> RedisDescription:
    """Return what the server says of itself. Blocks for a few seconds at most.

    Raises:
        StackError: it does not answer, or refuses the password.
    """
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=_SECONDS_MAX, socket_timeout=_SECONDS_MAX,
            decode_responses=True,
        ) as client:  # fmt: skip
            server = client.info("server")
            memory, persistence = client.info("memory"), client.info("persistence")
    except (redis.RedisError, OSError, ValueError) as error:
        raise StackError(
            f"Redis does not answer ({error}): "
            "check SWARM_REDIS_URL if you set it, else run `swarm up`"
        ) from error
    enabled = persistence.get("aof_enabled")
    name, version = server.get("server_name", "redis"), server["redis_version"]
    return RedisDescription(
        version=f"{name} {server.get('valkey_version', version)}",
        appendonly="" if enabled is None else ("yes" if enabled else "no"),
        policy=str(memory.get("maxmemory_policy", "")),
    )


def describe_postgres(url: str) -> str:
    """Return the server's version, like `18.6`. Blocks for a few seconds at most.

    Raises:
        StackError: it does not answer, or refuses the password.
    """
    try:
        with psycopg.connect(url, connect_timeout=_SECONDS_MAX) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StackError(
            f"Postgres does not answer ({reason}): "
            "check SWARM_DATABASE_URL if you set it, else run `swarm up`"
        ) from error
    return f"{version // 10000}.{version % 10000}"
