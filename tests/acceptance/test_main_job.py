"""A failing repository in, a patch that passes out: on real parts all the way."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import copied, passes_outside

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def git_apply(folder: Path, patch: str) -> None:
    subprocess.run(["git", "apply", "-"], cwd=folder, input=patch.encode(), check=True)


def test_a_repository_with_several_bugs_gets_green_by_landings_of_several_agents(
    swarm, ledger, tmp_path_factory
):
    result = swarm.launch(ledger, "pytest -q", "--agents", "8", "--timeout", "100s")
    assert result["status"] == "succeeded"
    assert result["tests_before"]["failed"] > 4
    assert result["tests_after"]["failed"] == 0
    total = sum(result["tests_before"].values())
    assert result["tests_after"]["passed"] == total
    assert result["landings"] >= 4
    landed = swarm.query(
        "select distinct agent_id from attempts where swarm_id = %s and status = 'landed'",
        result["swarm_id"],
    )
    assert len(landed) >= 2
    pristine = copied("ledger", tmp_path_factory.mktemp("pristine"))
    assert not passes_outside(pristine)
    patch = swarm.run("patch", result["swarm_id"])
    assert patch == result["patch"]
    git_apply(pristine, patch)
    assert passes_outside(pristine)


def test_each_attempt_and_each_test_outcome_is_in_postgres_once(swarm, words):
    swarm_id = swarm.launch(words, "pytest -q", "--agents", "3")["swarm_id"]
    rows = swarm.query(
        "select agent_id, turn, status, reported_at from attempts where swarm_id = %s", swarm_id
    )
    assert len({(agent, turn) for agent, turn, _, _ in rows}) == len(rows)
    assert all(reported for *_, reported in rows)
    tests = swarm.query(
        "select a.status, count(*), count(distinct test) from test_results "
        "join attempts a using (attempt_id) where a.swarm_id = %s group by a.status",
        swarm_id,
    )
    assert {status: (count, distinct) for status, count, distinct in tests} == {
        "finished": (8, 8),  # the code as it was
        "landed": (8, 8),  # the merged state that landed
    }


def test_json_is_one_object_with_the_promised_keys_and_nothing_else_on_stdout(swarm, words):
    result = swarm.launch(words, "pytest -q")
    assert set(result) >= {
        "swarm_id", "status", "tests_before", "tests_after", "attempts", "candidates",
        "landings", "seconds", "patch",
    }  # fmt: skip
    assert result["tests_before"] == {"passed": 7, "failed": 1}
    assert result["tests_after"] == {"passed": 8, "failed": 0}
    assert result["candidates"] > 0


@pytest.mark.parametrize("mode", ["single", "parallel"])
def test_agents_that_are_alone_mend_it_too(swarm, words, mode):
    result = swarm.launch(words, "pytest -q", "--mode", mode, "--agents", "2")
    assert result["status"] == "succeeded"
    assert result["landings"] == 1


def test_the_same_seed_and_one_agent_give_the_same_patch(swarm, words):
    first, second = (
        swarm.launch(words, "pytest -q", "--mode", "single", "--seed", "7") for _ in range(2)
    )
    assert first["patch"] == second["patch"]
    assert first["candidates"] == second["candidates"]


def test_a_detached_swarm_is_watched_and_applied_by_its_id(swarm, words):
    printed = swarm.run(
        "launch", "--repo", str(words), "--success", "pytest -q", "--detach"
    ).strip()
    wait_until_final(swarm, printed)
    assert json.loads(swarm.run("status", printed, "--json"))["status"] == "succeeded"
    assert printed in swarm.run("status")
    assert "applied" in swarm.run("apply", printed, "--repo", str(words))
    assert passes_outside(words)


def test_a_patch_is_applied_to_a_new_branch_and_committed(swarm, words):
    for argv in (["init", "-q"], ["add", "."], ["commit", "-qm", "as it was"]):
        subprocess.run(["git", *IDENTITY, *argv], cwd=words, check=True)
    for key, value in (("user.name", "Test"), ("user.email", "test@example.org")):
        subprocess.run(["git", "config", key, value], cwd=words, check=True)
    swarm_id = swarm.launch(words, "pytest -q")["swarm_id"]
    swarm.run("apply", swarm_id, "--repo", str(words), "--branch", "fix", "--commit")
    log = subprocess.run(
        ["git", "log", "--format=%s", "fix"], cwd=words, capture_output=True, text=True, check=True
    )
    assert log.stdout.splitlines() == [f"Apply swarm {swarm_id}", "as it was"]
    assert passes_outside(words)


def test_a_command_that_is_not_pytest_is_judged_by_its_exit_status_alone(swarm, tmp_path):
    (tmp_path / "double.py").write_text("def double(n):\n    return n * 3\n")
    (tmp_path / "check.py").write_text(
        "import double\nassert [double.double(n) for n in (1, 2, 5)] == [2, 4, 10]\n"
    )
    result = swarm.launch(tmp_path, "python check.py", "--scope", "double")
    assert result["status"] == "succeeded"
    assert "+    return n * 2" in result["patch"]


def test_a_command_that_calls_pytest_reports_its_tests_all_the_same(swarm, words):
    result = swarm.launch(words, "sh -c 'python -m pytest -q'")
    assert result["status"] == "succeeded"
    assert result["tests_before"] == {"passed": 7, "failed": 1}


def test_two_launches_on_one_repository_at_the_same_time_both_work(swarm, words):
    arguments = ("launch", "--repo", str(words), "--success", "pytest -q", "--json")
    both = [swarm.start(*arguments) for _ in range(2)]
    results = [json.loads(process.communicate(timeout=120)[0]) for process in both]
    assert [result["status"] for result in results] == ["succeeded", "succeeded"]
    assert results[0]["swarm_id"] != results[1]["swarm_id"]


def wait_until_final(swarm, swarm_id: str) -> None:
    """Stop is a wait of its own: ask for the end of a swarm that has ended by itself."""
    for _ in range(600):
        if json.loads(swarm.run("status", swarm_id, "--json"))["status"] not in LIVE:
            return
    raise AssertionError(f"{swarm_id} did not end")


LIVE = ("pending", "running")
IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
