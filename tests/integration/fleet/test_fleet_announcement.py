"""What a worker says of itself in Redis."""

import json

from orchestrator.launch.capacity import live_slots
from swarm_workers.clock import RealClock
from swarm_workers.upkeep.announcement import Announcement
from tasks_schema.names import KEY_WORKERS
from tests.integration.fleet.conftest import Broker


def test_the_slots_of_a_worker_are_counted_until_it_withdraws(broker: Broker) -> None:
    with broker.connect() as redis:
        one, two = (
            Announcement(redis, RealClock(), hostname=name, slots=slots)
            for name, slots in (("a@box", 2), ("b@box", 3))
        )
        for worker in (one, two, one):
            worker.say()
        assert live_slots(redis) == 5
        one.withdraw()
        assert live_slots(redis) == 3


def test_a_worker_that_starts_forgets_those_that_have_long_been_gone(broker: Broker) -> None:
    with broker.connect() as redis:
        redis.hset(KEY_WORKERS, "gone@box", json.dumps({"slots": 1, "at": 0}))
        Announcement(redis, RealClock(), hostname="new@box", slots=1).say()
        assert redis.hkeys(KEY_WORKERS) == [b"new@box"]
