"""The benchmark of transactions as a whole: it measures all it promises, and leaves nothing."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from orchestrator.bench.stm.crew import Crew
from orchestrator.bench.stm.faults import cut_commits
from orchestrator.bench.stm.measure import measure
from orchestrator.bench.stm.messages import Job

BARS_OF = {1: 1, 2: 8, 3: 5, 4: 5, 5: 3, 6: 2, 7: 3, 8: 4, 9: 6, 10: 3, 11: 2}
"""How many figures each of the eleven promises has."""


@pytest.mark.timeout(90)
def test_a_short_run_measures_everything_and_leaves_nothing_behind(redis_url: str) -> None:
    announced: list[str] = []
    report = measure("short", lambda stage, _done, _total: announced.append(stage), redis_url)
    found = json.loads(report.as_json())
    assert set(found) == {"machine", "versions", "rows", "bars"}
    assert all(set(bar) == {"name", "bar", "figure", "held"} for bar in found["bars"])
    numbers = [int(bar["name"].partition(" ")[0]) for bar in found["bars"]]
    assert {number: numbers.count(number) for number in numbers} == BARS_OF
    assert len(announced) == len(set(announced)) > 10
    measurements = [row["measurement"] for row in found["rows"]]
    assert len(measurements) == len(set(measurements))
    zeros = [bar for bar in found["bars"] if "lost" in bar["name"] or "sums" in bar["name"]]
    assert len(zeros) == 4
    assert all(bar["held"] for bar in zeros)
    with redis.Redis.from_url(redis_url) as client:
        assert list(client.scan_iter("{bench-*", count=1000)) == []


def test_cut_commits_are_told_apart_by_what_became_of_them(redis_url: str) -> None:
    ours = cut_commits(redis_url, "test-bench-ours", "ours", "lose reply", 5)
    assert (ours.cuts, ours.twice, ours.lost) == (5, 0, 0)
    usual = cut_commits(redis_url, "test-bench-helper", "helper", "lose reply", 5)
    assert (usual.cuts, usual.twice, usual.lost) == (5, 5, 0)


def test_agents_work_on_a_server_that_is_named(redis_url: str) -> None:
    job = Job(workload="hot", client="ours", agents=2, seconds=0.02, space="test-bench-named")
    with Crew(2, redis_url) as crew:
        assert crew.url == redis_url
        outcomes = crew.run(job)
    assert len(outcomes) == 2
    assert all(each.increments >= len(each.latencies) > 0 for each in outcomes)


def test_server_and_agents_end_when_whoever_measures_is_killed() -> None:
    script = """
import signal
from orchestrator.bench.stm.crew import Crew
crew = Crew(2)
print(crew.pids, flush=True)
signal.pause()
"""
    argv = [sys.executable, "-c", script]
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=root) as measurer:
        assert measurer.stdout is not None
        lives = [os.pidfd_open(pid) for pid in json.loads(measurer.stdout.readline())]
        measurer.send_signal(signal.SIGKILL)
    assert len(lives) == 4, "a host, two agents and a server"
    for life in lives:
        ended, _, _ = select.select([life], [], [], 20)
        os.close(life)
        assert ended
