"""Orders for attempts into the queue, in batches, and how many wait there.

A message is a hint: Postgres knows which attempts there are. So a batch of which it is not known
how much arrived may be sent again as a whole; the second message of a turn does nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from celery import Celery
from kombu.exceptions import KombuError
from kombu.messaging import Producer
from redis import RedisError

from swarm_workers.celery_app import CONNECT_SECONDS_MAX, app
from swarm_workers.errors import ServiceUnreachableError
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.names import QUEUE_ATTEMPTS, TASK_ATTEMPT

BATCH_MAX: Final = 500
"""Messages that go to Redis in one round trip: about 500 kB."""


def enqueue(orders: Sequence[AttemptOrder], celery: Celery = app) -> None:
    """Send one message for each order, in their order. Blocks for a round trip a batch.

    Args:
        orders: any number; those before the first that fails may have been sent.
        celery: the app whose broker gets them.

    Raises:
        ServiceUnreachableError: Redis does not answer, after some seconds; how many arrived is
            unknown, and sending all again does no harm.
    """
    if not orders:
        return
    with _producer(celery) as producer, producer.batch(BATCH_MAX):
        for order in orders:
            _publish(celery, producer, order)


def queued_count(celery: Celery = app) -> int:
    """Return how many messages wait for a worker; those that a worker holds are not counted.

    Raises:
        ServiceUnreachableError: Redis does not answer, after some seconds.
    """
    with _producer(celery) as producer:
        queue = celery.amqp.queues[QUEUE_ATTEMPTS].bind(producer.channel)
        count: int = queue.queue_declare().message_count
        return count


def _publish(celery: Celery, producer: Producer, order: AttemptOrder) -> None:
    # The attempt's own id is the message's: a turn has the same one whenever it is sent, so that
    # Flower, the logs and Postgres speak of it by one name.
    message = celery.amqp.create_task_message(
        str(order.attempt_id), TASK_ATTEMPT, kwargs=order.model_dump(mode="json")
    )
    celery.amqp.send_task_message(
        producer, TASK_ATTEMPT, message, queue=QUEUE_ATTEMPTS, retry=False
    )


@contextmanager
def _producer(celery: Celery) -> Iterator[Any]:
    """Lend a connected producer; what kombu and Redis say of a failure is raised as one error."""
    address = celery.connection_for_write().as_uri()
    try:
        with celery.producer_pool.acquire(block=True, timeout=CONNECT_SECONDS_MAX) as producer:
            producer.connection.ensure_connection(max_retries=1, timeout=CONNECT_SECONDS_MAX)
            yield producer
    except (KombuError, RedisError, OSError) as error:
        reason = str(error.__cause__ or error)
        raise ServiceUnreachableError("Redis", address, reason) from error
