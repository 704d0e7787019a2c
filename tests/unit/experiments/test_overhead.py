"""Coordination's share of the agents' time, from what the processes published."""

import msgspec
import pytest

from orchestrator.experiments.overhead import overhead_of
from swarm_workers.stm import SiteStatistics, Statistics


def test_the_sums_of_all_call_sites_count_and_work_inside_bodies_does_not() -> None:
    sites = {
        "look": SiteStatistics(commits=10, runs=12, network_seconds=1.0, wasted_seconds=0.5),
        "share": SiteStatistics(commits=10, runs=10, queue_seconds=0.25, body_seconds=3.0),
        "wait": SiteStatistics(commits=1, runs=1, blocked_seconds=0.25),
    }
    found = overhead_of(msgspec.to_builtins(Statistics(sites)), attempt_seconds=20.0)
    assert found.share == pytest.approx(0.1)
    assert found.repeats_per_commit == pytest.approx(2 / 21)


def test_a_run_that_was_over_at_once_has_a_share_all_the_same() -> None:
    assert overhead_of({"sites": {}}, attempt_seconds=0.0).share == 0.0


def test_a_turns_claim_and_end_are_time_of_its_agent_and_what_runs_beside_it_is_not() -> None:
    sites = {
        "attempt.lease.Lease._claim": SiteStatistics(commits=1, runs=1, network_seconds=1.0),
        "attempt.lease.Lease._finish": SiteStatistics(commits=1, runs=1, body_seconds=1.0),
        "attempt.lease.Lease._beat": SiteStatistics(commits=9, runs=9, network_seconds=9.0),
    }
    found = overhead_of(msgspec.to_builtins(Statistics(sites)), attempt_seconds=2.0)
    assert (found.agent_seconds, found.share, found.commits) == (4.0, 0.25, 2)
