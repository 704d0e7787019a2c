"""When a message is handed out, and when it is handed out again."""

import os
import select
import signal
from collections.abc import Callable

from tasks_schema.names import BROKER_KEY_PREFIX, QUEUE_ATTEMPTS
from tests.integration.fleet.conftest import Fleet
from tests.integration.fleet.fleet_app import ENDS, STARTS

StartFleet = Callable[..., Fleet]


def test_an_attempt_whose_process_is_killed_runs_again_within_five_seconds(
    start_fleet: StartFleet,
) -> None:
    fleet = start_fleet()
    fleet.start_worker("-c", "2", "-E")
    fleet.send("a", seconds=60)
    _, process_id = fleet.wait_start()
    os.kill(process_id, signal.SIGKILL)
    label, other = fleet.wait_start(seconds_max=5)
    assert label == "a"
    assert other != process_id


def test_an_attempt_whose_worker_is_killed_runs_on_another_after_the_visibility_timeout(
    start_fleet: StartFleet,
) -> None:
    fleet = start_fleet(SWARM_VISIBILITY_TIMEOUT_SECONDS="2")
    killed = fleet.start_worker("-c", "1")
    fleet.send("a", seconds=60)
    _, child = fleet.wait_start()
    life = os.pidfd_open(child)
    fleet.start_worker("-c", "1")
    fleet.send("b")
    assert fleet.wait_start()[0] == "b"
    killed.process.kill()
    killed.process.wait()
    label, other = fleet.wait_start(seconds_max=2 + 4)
    assert label == "a"
    assert other != child
    ended, _, _ = select.select([life], [], [], 0)
    os.close(life)
    assert ended, "a child outlived its worker"


def test_an_attempt_longer_than_the_visibility_timeout_runs_once(start_fleet: StartFleet) -> None:
    fleet = start_fleet(SWARM_VISIBILITY_TIMEOUT_SECONDS="2")
    for _ in range(2):
        fleet.start_worker("-c", "1")
    fleet.send("long", seconds=6)
    fleet.wait_start()
    fleet.wait(ENDS, seconds_max=20)
    assert fleet.redis.llen(STARTS) == 0, "it was handed out a second time"


def test_a_soft_shutdown_lets_an_attempt_end_and_gives_back_what_does_not(
    start_fleet: StartFleet,
) -> None:
    fleet = start_fleet(SWARM_VISIBILITY_TIMEOUT_SECONDS="2", TEST_SOFT_SHUTDOWN_SECONDS="7")
    ending = fleet.start_worker("-c", "2", REMAP_SIGTERM="SIGQUIT")
    fleet.send("long", seconds=6)
    fleet.send("endless", seconds=60)
    assert {fleet.wait_start()[0] for _ in range(2)} == {"long", "endless"}
    fleet.start_worker("-c", "1")
    ending.process.send_signal(signal.SIGTERM)
    assert fleet.wait(ENDS, seconds_max=10) == "long"
    assert fleet.redis.llen(STARTS) == 0, "one was handed out while its worker was ending"
    assert fleet.wait_start()[0] == "endless"
    ending.process.wait(20)
    assert fleet.redis.llen(STARTS) == 0


def test_a_warm_shutdown_ends_what_runs_and_leaves_the_rest_in_the_queue(
    start_fleet: StartFleet,
) -> None:
    fleet = start_fleet(SWARM_VISIBILITY_TIMEOUT_SECONDS="2")
    worker = fleet.start_worker("-c", "1")
    fleet.send("a", seconds=1)
    fleet.send("b")
    fleet.wait_start()
    assert worker.end(signal.SIGTERM) == 0
    assert fleet.wait(ENDS, seconds_max=1) == "a"
    assert fleet.redis.llen(STARTS) == 0
    assert fleet.redis.llen(f"{BROKER_KEY_PREFIX}{QUEUE_ATTEMPTS}") == 1
