"""How many attempts the fleet can run at once, as its workers say themselves."""

import json
import time
from typing import cast

import redis

from tasks_schema.names import KEY_WORKERS

SILENT_SECONDS_MAX = 90.0
"""A worker that said nothing for so long is not counted."""


def live_slots(client: redis.Redis) -> int:
    """Return the attempts that all live workers can run at once; one round trip.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    answers = cast("dict[bytes, bytes]", client.hgetall(KEY_WORKERS))
    now = time.time()  # noqa: TID251 - compared with the clocks of other hosts, not with our own
    return sum(
        int(worker["slots"])
        for worker in map(json.loads, answers.values())
        if now - worker["at"] < SILENT_SECONDS_MAX
    )
