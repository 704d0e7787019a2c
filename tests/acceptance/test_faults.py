"""What is killed in mid-attempt loses nothing and is counted once."""

import json
import os
import signal
from pathlib import Path

import pytest
import redis

from tests.support.killing import kill_hard

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def launched(swarm, repo: Path, *more: str) -> str:
    return swarm.run(
        "launch", "--repo", str(repo), "--success", "pytest -q", "--detach", *more
    ).strip()


def counted_once(swarm, swarm_id: str) -> bool:
    """Say whether rows agree: one attempt a turn, one row a test, one landing an attempt landed."""
    ((attempts, turns),) = swarm.query(
        "select count(*), count(distinct (agent_id, turn)) from attempts where swarm_id = %s",
        swarm_id,
    )
    ((landed, landings),) = swarm.query(
        "select count(*) filter (where a.status = 'landed'), count(l.attempt_id) "
        "from attempts a left join landings l using (attempt_id) where a.swarm_id = %s",
        swarm_id,
    )
    ((unreported,),) = swarm.query(
        "select count(*) from attempts where swarm_id = %s and reported_at is null", swarm_id
    )
    return attempts == turns and landed == landings and unreported == 0


def settled(swarm, swarm_id: str) -> dict:
    """Stop is idempotent and waits until all that was sent is reported."""
    for _ in range(900):
        status = json.loads(swarm.run("status", swarm_id, "--json"))
        if status["status"] not in ("pending", "running"):
            swarm.run("stop", swarm_id)
            return json.loads(swarm.run("status", swarm_id, "--json"))
    raise AssertionError(f"{swarm_id} did not end")


def test_a_worker_process_killed_in_mid_attempt_and_then_the_main_one(swarm, ledger, running):
    swarm_id = launched(swarm, ledger, "--agents", "4", "--timeout", "100s")
    child = running(swarm_id, "search-0000", lambda record: record.turn == 0)
    kill_hard(child)
    again = running(swarm_id, "search-0000", lambda record: record.deliveries == 2)
    assert again != child
    kill_hard(parent_of(again))
    running(swarm_id, "search-0000", lambda record: record.deliveries == 3)
    result = settled(swarm, swarm_id)
    assert result["status"] == "succeeded"
    assert result["tests_after"]["failed"] == 0
    assert counted_once(swarm, swarm_id)


def test_the_refill_killed_in_mid_swarm_is_taken_over(swarm, words):
    before = json.loads((swarm.home / "stack.json").read_text())
    swarm_id = launched(swarm, words)
    for pid in processes_of(before["supervisor"]["pid"], "orchestrator.launch.refill"):
        kill_hard(pid)
    assert settled(swarm, swarm_id)["status"] == "succeeded"
    assert counted_once(swarm, swarm_id)


def test_redis_killed_in_mid_swarm_costs_no_recorded_result(swarm, words):
    swarm_id = launched(swarm, words)
    before = json.loads((swarm.home / "stack.json").read_text())
    kill_hard(before["valkey"]["pid"])
    assert settled(swarm, swarm_id)["status"] == "succeeded"
    assert counted_once(swarm, swarm_id)


def test_a_launch_in_the_foreground_sits_out_a_server_that_dies(swarm, words):
    before = json.loads((swarm.home / "stack.json").read_text())
    process = swarm.start("launch", "--repo", str(words), "--success", "pytest -q", "--json")
    assert "note:" in process.stderr.readline()  # it has been launched
    os.kill(before["postgres"]["pid"], signal.SIGQUIT)
    printed, said = process.communicate(timeout=90)
    assert process.returncode == 0, said
    assert json.loads(printed)["status"] == "succeeded"


def test_redis_emptied_in_mid_swarm_costs_the_attempts_in_flight_and_no_more(
    swarm, ledger, running
):
    state = json.loads((swarm.home / "stack.json").read_text())
    swarm_id = launched(swarm, ledger, "--agents", "4", "--timeout", "100s", "--max-ops", "100000")
    running(swarm_id, "search-0000", lambda record: record.turn == 1)
    reported = attempts_reported(swarm, swarm_id)
    assert reported
    with redis.Redis.from_url(state["redis_url"]) as client:
        client.flushall()
    result = settled(swarm, swarm_id)
    assert result["status"] == "succeeded", result["reason"]
    assert result["tests_after"]["failed"] == 0
    assert reported <= attempts_reported(swarm, swarm_id)
    assert counted_once(swarm, swarm_id)


def attempts_reported(swarm, swarm_id: str) -> set[tuple]:
    return set(
        swarm.query(
            "select attempt_id, status, reported_at, candidates from attempts "
            "where swarm_id = %s and reported_at is not null",
            swarm_id,
        )
    )


def processes_of(parent: int, word: str) -> list[int]:
    """Return the children of a process that have this word on their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            argv = (folder / "cmdline").read_bytes().decode()
            if word in argv and parent_of(int(folder.name)) == parent:
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
