"""Failures as they are provoked on a real server, as far as they need no fleet."""

import threading

import pytest

from orchestrator.experiments.failures.livelock import Livelock
from orchestrator.experiments.failures.space import trial_space
from orchestrator.experiments.failures.starvation import Starvation

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
