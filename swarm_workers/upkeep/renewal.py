"""Renewal of the broker's lease on the messages that this worker holds.

The broker hands a message out again when its worker has been silent for the visibility timeout.
Without a sign of life that timeout would have to be longer than the longest attempt; with one it
may be short, so that the work of a dead worker is taken up soon and that of a slow one is not done
twice. It must go on while the worker drains, when Celery's own event loop stands still: hence a
thread with a connection of its own.
"""

from typing import Any, Final

from celery.worker import state
from redis import Redis

from swarm_workers.clock import Clock
from tasks_schema.names import BROKER_KEY_PREFIX

RENEWALS_PER_TIMEOUT: Final = 4
"""Signs of life in one visibility timeout: three may fail before a message is handed out again."""
_UNACKED_INDEX: Final = f"{BROKER_KEY_PREFIX}unacked_index"
_SNAPSHOT_TRIES_MAX: Final = 100


class LeaseRenewal:
    """Tells the broker that the messages of this process are still being worked on."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        """Use this connection, which nobody else waits on, and this clock."""
        self._redis = redis
        self._clock = clock

    def renew(self) -> int:
        """Renew what is held now and return how many that are. Blocks for one round trip.

        `XX` touches only what the broker still counts as held: a message that was acknowledged in
        this very moment is not brought back.

        Raises:
            redis.RedisError: Redis does not answer.
        """
        tags = [request.message.delivery_tag for request in held_requests()]
        if tags:
            now = self._clock.now().timestamp()
            self._redis.zadd(_UNACKED_INDEX, dict.fromkeys(tags, now), xx=True)
        return len(tags)


def held_requests() -> tuple[Any, ...]:
    """Return the requests that this worker has taken from the broker and not yet settled.

    The main thread adds to that set while it is read here, which Python answers with a
    RuntimeError; reading again is all that is needed.
    """
    for _ in range(_SNAPSHOT_TRIES_MAX):
        try:
            return tuple(state.reserved_requests)
        except RuntimeError:
            continue
    return ()
