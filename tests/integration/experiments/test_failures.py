"""Failures as they are provoked on a real server, as far as they need no fleet."""

import threading

import pytest

from orchestrator.experiments.failures.crash import held_turn
from orchestrator.experiments.failures.livelock import Livelock
from orchestrator.experiments.failures.space import trial_space
from orchestrator.experiments.failures.starvation import Starvation
from swarm_workers.attempt.lease import Lease
from swarm_workers.attempt.lifecycle import Verdict
from swarm_workers.clock import RealClock
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.settings import Settings
from swarm_workers.stm import check
from tasks_schema.kinds import AgentKind
from tasks_schema.messages.attempt import AttemptOrder

SHORT_COMMITS_PER_SECOND_MAX = 6 / 0.005
"""Six agents, each with a pause of at least 5 ms."""


@pytest.mark.parametrize("has_remedy", [True, False])
def test_the_long_transaction_is_attacked_at_the_same_pace_with_the_remedy_and_without(
    redis_url, has_remedy
):
    trial = Starvation(redis_url).provoke(has_remedy=has_remedy, seed=1)
    assert trial.is_overcome is has_remedy
    assert 0 < trial.figures["short commits per second"] <= SHORT_COMMITS_PER_SECOND_MAX
    assert trial.figures["runs begun by the long one"] > 1


def test_a_run_that_ended_while_it_read_is_counted_as_begun(redis_url):
    with trial_space(redis_url, "counted") as space:
        mine, theirs = space.stm(), space.stm()
        begun, thoughts = [], []

        def meddle() -> None:
            theirs.atomically(lambda: [theirs.var(n, int, default=0).set(1) for n in "ab"])

        def body() -> None:
            begun.append(mine.var("a", int, default=0).get())
            if len(begun) == 1:
                other = threading.Thread(target=meddle)
                other.start()
                other.join()
            mine.var("b", int, default=0).get()
            thoughts.append("deep")
            mine.var("c", int, default=0).set(1)

        mine.atomically(body)
        assert (begun, thoughts) == ([0, 1], ["deep"])
        assert space.runs == len(begun) + 1


@pytest.mark.parametrize("has_remedy", [True, False])
def test_every_run_that_was_begun_counts_towards_a_livelock(redis_url, has_remedy, monkeypatch):
    thoughts = []
    think = "orchestrator.experiments.failures.livelock._Tally.think"
    monkeypatch.setattr(think, lambda _tally: thoughts.append("none"))
    trial = Livelock(redis_url).provoke(has_remedy=has_remedy, seed=1)
    assert trial.is_overcome
    assert trial.figures["runs begun per commit"] * 16 * 8 >= len(thoughts) >= 16 * 8


def order_of(swarm: str) -> AttemptOrder:
    return AttemptOrder(swarm=swarm, agent="solver-0000", kind=AgentKind.SOLVER, turn=0)


def test_a_process_that_holds_a_turn_holds_it_until_it_is_killed(redis_url):
    with trial_space(redis_url, "held") as space:
        shared = SharedState(space.stm())
        settings = Settings(lease_seconds=60)
        mine = Lease(shared, order_of(space.name), settings, RealClock())
        with held_turn(redis_url, order_of(space.name)):
            record = shared.stm.atomically(shared.turn("solver-0000").get)
            assert record.holder != mine.holder

            def renewed() -> None:
                check(shared.turn("solver-0000").get().until > record.until)

            shared.stm.atomically(renewed, timeout_seconds=10)
            assert mine.claim().verdict is Verdict.DROP
        assert mine.claim().verdict is Verdict.RUN


def test_a_turn_that_is_held_by_somebody_is_not_held_again(redis_url):
    with trial_space(redis_url, "held") as space:
        lease = Lease(SharedState(space.stm()), order_of(space.name), Settings(), RealClock())
        assert lease.claim().verdict is Verdict.RUN
        with (
            pytest.raises(AssertionError, match="was refused"),
            held_turn(redis_url, order_of(space.name)),
        ):
            pass
