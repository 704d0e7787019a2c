"""Leases of turns, on a space in memory."""

import os
import socket
import subprocess
import sys

import pytest

from swarm_workers.attempt.holder import is_known_dead, this_holder
from swarm_workers.attempt.lease import Lease
from swarm_workers.attempt.lifecycle import Verdict
from swarm_workers.clock import RealClock
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.settings import Settings
from swarm_workers.stm import Stm
from tasks_schema.kinds import AgentKind, AttemptStatus, SwarmStatus
from tasks_schema.messages.attempt import AttemptOrder, AttemptReport

ORDER = AttemptOrder(swarm="s-1", agent="search-0000", kind=AgentKind.SEARCH, turn=0)


@pytest.fixture
def shared():
    return SharedState(Stm.in_memory("s-1"))


@pytest.fixture
def lease(shared):
    return Lease(shared, ORDER, Settings(stop_poll_seconds=0.01), RealClock())


def report():
    return AttemptReport(
        attempt_id=ORDER.attempt_id,
        swarm=ORDER.swarm,
        agent=ORDER.agent,
        kind=ORDER.kind,
        turn=0,
        status=AttemptStatus.FINISHED,
        worker=this_holder(),
        started_at=RealClock().now(),
        seconds=1.0,
        base_landing=0,
    )


def test_the_second_claim_of_a_turn_is_dropped(lease):
    assert lease.claim().verdict is Verdict.RUN
    assert lease.claim().verdict is Verdict.DROP


def test_a_turn_that_was_finished_is_never_granted_again(lease):
    lease.claim()
    assert lease.finish(report())
    assert lease.claim().verdict is Verdict.DROP
    assert not lease.finish(report())


def test_a_claim_says_whether_the_swarm_is_over(lease, shared):
    shared.stm.atomically(shared.end, SwarmStatus.STOPPED, "by a person")
    assert lease.claim().is_swarm_over


def test_a_running_attempt_is_told_when_its_swarm_ends(lease, shared):
    lease.claim()
    with lease.renewed(lambda: None) as is_over:
        assert not is_over()
        shared.stm.atomically(shared.end, SwarmStatus.STOPPED, "by a person")
        assert wait_until(is_over)


def test_a_running_attempt_is_told_when_its_lease_was_taken_by_another(lease, shared):
    lease.claim()
    record = shared.turn(ORDER.agent)
    with lease.renewed(lambda: None) as is_over:
        theirs = shared.stm.atomically(record.get)
        other = type(theirs)(turn=0, holder="other/1/1", until=1e12, deliveries=2, is_done=False)
        shared.stm.atomically(record.set, other)
        assert wait_until(is_over)
    assert not lease.finish(report())


def test_a_final_state_never_changes_again(shared):
    assert shared.stm.atomically(shared.end, SwarmStatus.STOPPED, "by a person")
    assert not shared.stm.atomically(shared.end, SwarmStatus.SUCCEEDED, "late")
    assert shared.stm.atomically(shared.state.get).status is SwarmStatus.STOPPED


def test_a_process_that_runs_is_not_known_to_be_dead():
    assert not is_known_dead(this_holder())


def test_a_process_that_ended_is_known_to_be_dead_on_its_own_host():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert is_known_dead(f"{socket.gethostname()}/{child.pid}/1")


def test_a_reused_process_id_does_not_pass_for_the_process_that_had_it():
    assert is_known_dead(f"{socket.gethostname()}/{os.getpid()}/1")


def test_nothing_is_known_of_processes_on_other_hosts():
    assert not is_known_dead("elsewhere/1/1")


def wait_until(condition, rounds=10_000_000):
    return any(condition() for _ in range(rounds))
