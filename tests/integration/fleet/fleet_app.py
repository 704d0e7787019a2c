"""The real app and the real upkeep, with tasks that only say that they ran.

`celery -A tests.integration.fleet.fleet_app worker` is the worker that these tests start.
"""

import os
from threading import Event

from redis import Redis

from swarm_workers.celery_app import SOFT_SHUTDOWN_SECONDS, app
from swarm_workers.settings import Settings

STARTS = "test:starts"
ENDS = "test:ends"

app.conf.include = ["swarm_workers.upkeep.main_process"]
app.conf.worker_soft_shutdown_timeout = float(
    os.environ.get("TEST_SOFT_SHUTDOWN_SECONDS", SOFT_SHUTDOWN_SECONDS)
)


def _redis() -> Redis:
    return Redis.from_url(Settings().require_redis_url())


@app.task(name="test.run")
def run(label: str, seconds: float = 0) -> None:
    """Say that it started, with the process that runs it; wait; say that it ended."""
    with _redis() as redis:
        redis.rpush(STARTS, f"{label} {os.getpid()}")
        Event().wait(seconds)
        redis.rpush(ENDS, label)
