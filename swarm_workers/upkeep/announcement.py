"""What a worker says of itself to whoever sends it work: how many attempts it can run at once.

One hash for the whole fleet, one field a worker: `{"slots": 4, "at": 1790000000.0}`, with the time
as seconds since the epoch. A worker that dies stays in it, and is known by its silence.
"""

import json
from typing import Final

from redis import Redis

from swarm_workers.clock import Clock
from tasks_schema.names import KEY_WORKERS

FORGET_SECONDS: Final = 86_400
"""After how long a silent worker's field is removed by any other that starts."""


class Announcement:
    """One worker's field."""

    def __init__(self, redis: Redis, clock: Clock, *, hostname: str, slots: int) -> None:
        """Speak for the worker of this node name, which runs `slots` attempts at once."""
        self._redis = redis
        self._clock = clock
        self._hostname = hostname
        self._slots = slots
        self._has_tidied = False

    def say(self) -> None:
        """Say that the worker is there, as has to be done again and again. One round trip."""
        at = self._clock.now().timestamp()
        self._redis.hset(KEY_WORKERS, self._hostname, json.dumps({"slots": self._slots, "at": at}))
        if not self._has_tidied:
            self._tidy(at)
            self._has_tidied = True

    def withdraw(self) -> None:
        """Say that the worker takes no more. One round trip."""
        self._redis.hdel(KEY_WORKERS, self._hostname)

    def _tidy(self, now: float) -> None:
        """Remove the fields of workers that have long been gone: their names may never recur."""
        known: dict[bytes, bytes] = self._redis.hgetall(KEY_WORKERS)  # type: ignore[assignment]
        gone = [
            name for name, said in known.items() if now - json.loads(said)["at"] > FORGET_SECONDS
        ]
        if gone:
            self._redis.hdel(KEY_WORKERS, *gone)
