"""A word to the refill that there is something to do. Only a hint: it looks by itself as well."""

import logging

import redis

from tasks_schema.names import KEY_WAKE

_LOG = logging.getLogger(__name__)
_HINTS_MAX = 100
"""Hints kept while no refill takes them."""


def wake_refill(client: redis.Redis, swarm_id: str) -> None:
    """Say that a swarm is worth a look. One round trip; a failure is logged and costs only time."""
    try:
        with client.pipeline(transaction=False) as pipe:
            pipe.lpush(KEY_WAKE, swarm_id)
            pipe.ltrim(KEY_WAKE, 0, _HINTS_MAX - 1)
            pipe.execute()
    except redis.RedisError as error:
        _LOG.warning("the refill could not be woken: %s", error)
