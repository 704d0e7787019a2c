"""What a worker does while its broker is away, and when it is back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kombu import Connection
from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError

from swarm_workers.upkeep import broker_guard
from tests.integration.fleet.conftest import Broker, Fleet

StartFleet = Callable[..., Fleet]
RESUME_SECONDS_MAX = 15


def test_a_worker_survives_a_broker_that_is_killed_under_a_running_attempt(
    start_fleet: StartFleet, broker: Broker
) -> None:
    _kill_the_broker(start_fleet(), broker, times=2)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_worker_survives_a_broker_that_is_killed_twenty_times(
    start_fleet: StartFleet, broker: Broker
) -> None:
    _kill_the_broker(start_fleet(), broker, times=20)


def test_a_channel_without_connection_still_needs_the_guard(broker: Broker) -> None:
    """Fails when kombu has repaired its defect: then the guard is to go."""
    with _channel_whose_transport_is_gone(broker, kombu_redis.Channel) as (channel, tag):
        with pytest.raises(AttributeError):
            channel.basic_ack(tag)
        with pytest.raises(AttributeError):
            channel.qos.restore_unacked()


def test_a_guarded_channel_without_connection_says_so_and_can_be_closed(broker: Broker) -> None:
    with _channel_whose_transport_is_gone(broker, broker_guard.GuardedChannel) as (channel, tag):
        with pytest.raises(RedisConnectionError, match="was closed"):
            channel.basic_ack(tag)
        channel.qos.restore_unacked()
        assert not channel.qos._delivered


def _kill_the_broker(fleet: Fleet, broker: Broker, times: int) -> None:
    worker = fleet.start_worker("-c", "3")
    for number in range(times):
        fleet.send(f"held-{number}", seconds=3)
        fleet.wait_start()
        broker.kill()
        broker.start()
        fleet.send(f"after-{number}")
        while fleet.wait_start(RESUME_SECONDS_MAX)[0] != f"after-{number}":
            pass  # the broker lost the acknowledgement, or handed out again what was being held
        assert worker.process.poll() is None, worker.text()


@contextmanager
def _channel_whose_transport_is_gone(
    broker: Broker, channel_class: type[kombu_redis.Channel]
) -> Iterator[tuple[Any, str]]:
    """Lend a channel with one message that was taken, and the tag of that message."""
    with Connection(broker.url) as connection:
        connection.transport.Channel = channel_class
        with connection.SimpleQueue("guard") as queue:
            queue.put("held")
            channel, tag = queue.channel, queue.get(timeout=5).delivery_tag
            transport, channel.connection = channel.connection, None
            channel._disconnect_pools()
            yield channel, tag
            channel.connection = transport
            channel.qos._delivered.clear()
