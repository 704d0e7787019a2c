"""Orders into the queue, and what is said when there is none to put them into."""

from collections.abc import Iterator
from time import monotonic

import pytest

from orchestrator.launch.enqueue import BATCH_MAX, enqueue, queued_count
from swarm_workers.celery_app import FleetApp
from swarm_workers.errors import ServiceUnreachableError
from tasks_schema.kinds import AgentKind
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.names import TASK_ATTEMPT
from tests.integration.fleet.conftest import Broker, client

GIVE_UP_SECONDS_MAX = 20
_READS = "total_reads_processed"


@pytest.fixture
def celery(broker: Broker) -> Iterator[FleetApp]:
    app = client(broker.url)
    yield app
    app.close()


def _orders(count: int) -> list[AttemptOrder]:
    return [
        AttemptOrder(swarm="auth-7k3f9q", agent=f"search-{number:04}", kind="search", turn=number)
        for number in range(count)
    ]


def test_orders_arrive_in_their_order_as_a_person_can_read_them(celery: FleetApp) -> None:
    orders = _orders(BATCH_MAX + 3)
    enqueue(orders, celery)
    assert queued_count(celery) == len(orders)
    received = []
    with celery.connection_for_read() as connection, connection.SimpleQueue("attempts") as queue:
        for _ in orders:
            message = queue.get(timeout=5)
            received.append((message.headers["id"], message.payload[1]))
            message.ack()
            assert message.headers["task"] == TASK_ATTEMPT
    assert received == [(str(order.attempt_id), order.model_dump(mode="json")) for order in orders]
    assert received[3][1] == {
        "swarm": "auth-7k3f9q",
        "agent": "search-0003",
        "kind": AgentKind.SEARCH.value,
        "turn": 3,
    }
    assert queued_count(celery) == 0


def test_an_empty_queue_counts_nothing_and_no_orders_send_nothing(celery: FleetApp) -> None:
    assert queued_count(celery) == 0
    enqueue([], celery)
    assert queued_count(celery) == 0


def test_a_batch_is_sent_in_one_piece_and_its_messages_are_small(
    broker: Broker, celery: FleetApp
) -> None:
    queued_count(celery)
    with broker.connect() as redis:
        before = redis.info("stats")
        enqueue(_orders(BATCH_MAX), celery)
        after = redis.info("stats")
    used = {name: after[name] - before[name] for name in ("total_net_input_bytes", _READS)}
    assert used["total_net_input_bytes"] / BATCH_MAX < 2048, "a message holds ids, not objects"
    assert used[_READS] < BATCH_MAX / 4, "the server was spoken to for each message alone"


def test_a_broker_that_is_away_is_told_of_in_bounded_time_and_found_again_later(
    broker: Broker, celery: FleetApp
) -> None:
    enqueue(_orders(1), celery)
    broker.kill()
    for call in (lambda: enqueue(_orders(1), celery), lambda: queued_count(celery)):
        began = monotonic()
        with pytest.raises(ServiceUnreachableError, match=r"Redis at redis://:\*\*@127"):
            call()
        assert monotonic() - began < GIVE_UP_SECONDS_MAX
    broker.start()
    enqueue(_orders(2), celery)
    assert queued_count(celery) >= 2


def test_a_broker_that_never_was_there_is_told_of_in_bounded_time(broker: Broker) -> None:
    broker.kill()
    app = client(broker.url)
    began = monotonic()
    with pytest.raises(ServiceUnreachableError, match="refused"):
        enqueue(_orders(1), app)
    assert monotonic() - began < GIVE_UP_SECONDS_MAX
    app.close()
