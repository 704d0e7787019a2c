"""A word to the flush that there are reports, and to the refill that there is something to do.

Only hints: both look by themselves as well. A turn goes from worker to flush to refill and back to
a worker, so that without them every agent would wait for two timers between its turns.
"""

import logging
from collections.abc import Iterable

import redis

from tasks_schema.names import KEY_REPORTED, KEY_WAKE

_LOG = logging.getLogger(__name__)
_HINTS_MAX = 100
"""Hints kept while nobody takes them."""


def wake_flush(client: redis.Redis) -> None:
    """Say that a report waits. One round trip; a failure is logged and costs only time."""
    _hint(client, KEY_REPORTED, ["1"])


def wake_refill(client: redis.Redis, *swarm_ids: str) -> None:
    """Say that swarms are worth a look. One round trip; a failure is logged, costs only time."""
    _hint(client, KEY_WAKE, swarm_ids)


def take_hints(client: redis.Redis, key: str, seconds_max: float) -> set[str]:
    """Wait for hints and take all that are there; empty if none came in time.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    first: tuple[bytes, bytes] | None = client.blpop([key], timeout=seconds_max)  # type: ignore[assignment]
    if first is None:
        return set()
    with client.pipeline(transaction=True) as pipe:
        pipe.lrange(key, 0, -1)
        pipe.delete(key)
        rest: list[bytes] = pipe.execute()[0]
    return {hint.decode() for hint in (first[1], *rest)}


def _hint(client: redis.Redis, key: str, hints: Iterable[str]) -> None:
    try:
        with client.pipeline(transaction=False) as pipe:
            pipe.lpush(key, *hints)
            pipe.ltrim(key, 0, _HINTS_MAX - 1)
            pipe.execute()
    except redis.RedisError as error:
        _LOG.warning("%s could not be told: %s", key, error)
