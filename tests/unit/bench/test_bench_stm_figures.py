"""Figures of slices, and ratios between them."""

import math

import pytest

from orchestrator.bench.stm.figures import measured, ratio, summed
from orchestrator.bench.stm.messages import Job, Outcome

JOB = Job(workload="hot", client="ours", space="s")


def outcome(commits: int, *, seconds: float = 1.0, **more: float) -> Outcome:
    latencies = [seconds / commits] * commits
    made = Outcome(commits=commits, latencies=latencies, attempts=2 * commits, **more)
    made.window_seconds = made.wall_seconds = seconds
    return made


def test_a_slice_sums_its_agents_up() -> None:
    found = summed([outcome(10, wasted_seconds=0.5, cpu_seconds=0.1), outcome(30)])
    assert found.commits_per_second == 40
    assert found.aborts == 0.5
    assert found.wasted == 0.25
    assert found.evenness == pytest.approx(1 / 3)
    assert found.p50_ms == pytest.approx(1000 / 30)
    assert found.p99_ms == pytest.approx(100)
    assert found.cpu_us == pytest.approx(0.1e6 / 40)


def test_agents_that_had_no_transaction_do_not_count() -> None:
    assert summed([outcome(10), Outcome()]).evenness == 1


def test_a_ratio_is_the_median_of_the_ratios_turn_by_turn() -> None:
    ours = measured(JOB, [[outcome(20)], [outcome(10)], [outcome(900)]])
    helper = measured(JOB, [[outcome(10)], [outcome(10)], [outcome(300)]])
    assert ratio(ours, helper, lambda each: each.commits_per_second) == 2


def test_slices_without_a_transaction_have_no_ratio() -> None:
    nothing = measured(JOB, [[Outcome()]])
    assert nothing.as_row("x") == {"measurement": "x", "slices": 0}
    assert math.isnan(ratio(nothing, nothing, lambda each: each.p50_ms))
