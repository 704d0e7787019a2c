"""Budgets and stops are kept."""

import json
import signal
import time

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

GRACE_SECONDS = 15
HOPELESS = "def answer():\n    return len('x' * 5)\n"
ASKED = "import answer\n\ndef test_it():\n    assert answer.answer() == 'no such thing as this'\n"


@pytest.fixture
def hopeless(tmp_path):
    """A repository that no small edit mends."""
    (tmp_path / "answer.py").write_text(HOPELESS)
    (tmp_path / "test_answer.py").write_text(ASKED)
    return tmp_path


def test_a_swarm_that_tried_everything_is_exhausted_and_says_what_stays_red(swarm, hopeless):
    result = swarm.launch(hopeless, "pytest -q", "--agents", "2", code=3)
    assert result["status"] == "exhausted"
    assert "1 tests stay red" in result["reason"]
    assert result["patch"] == ""


def test_no_more_edits_are_tried_than_the_budget_allows(swarm, hopeless):
    result = swarm.launch(hopeless, "pytest -q", "--agents", "4", "--max-ops", "7", code=3)
    assert result["status"] == "exhausted"
    assert "budget" in result["reason"]
    spent = swarm.query(
        "select sum(operations_spent) from attempts where swarm_id = %s", result["swarm_id"]
    )
    assert 0 < spent[0][0] <= 7


def test_time_that_is_over_ends_a_swarm(swarm, tmp_path):
    result = swarm.launch(slow(tmp_path), "pytest -q", "--timeout", "3s", code=3)
    assert result["status"] == "timed_out"
    assert result["seconds"] < 20


def test_after_stop_returns_no_attempt_of_the_swarm_starts(swarm, tmp_path):
    swarm_id = swarm.run(
        "launch", "--repo", str(slow(tmp_path)), "--success", "pytest -q", "--detach"
    ).strip()
    stopped = json.loads(swarm.run("stop", swarm_id, "--json"))
    assert stopped["status"] == "stopped"
    started = swarm.query(
        "select count(*) from attempts where swarm_id = %s and status not in "
        "('cancelled', 'finished')",
        swarm_id,
    )
    assert started == [(0,)]
    rows = swarm.query("select count(*) from attempts where swarm_id = %s", swarm_id)
    swarm.run("status", swarm_id)
    assert swarm.query("select count(*) from attempts where swarm_id = %s", swarm_id) == rows


def test_a_stop_ends_a_success_command_that_runs_for_minutes(swarm, tmp_path, running):
    (tmp_path / "test_long.py").write_text("import time\n\ndef test_it():\n    time.sleep(300)\n")
    swarm_id = swarm.run(
        "launch", "--repo", str(tmp_path), "--success", "pytest -q", "--detach"
    ).strip()
    running(swarm_id, "baseline-0000", lambda record: record.turn == 0)
    began = time.monotonic()
    swarm.run("stop", swarm_id)
    assert time.monotonic() - began < GRACE_SECONDS
    rows = swarm.query("select status from attempts where swarm_id = %s", swarm_id)
    assert rows == [("cancelled",)]


def test_control_c_stops_a_launch_cleanly(swarm, tmp_path):
    process = swarm.start(
        "launch", "--repo", str(slow(tmp_path)), "--success", "pytest -q", "--json"
    )
    assert "note:" in process.stderr.readline()  # it has been launched
    process.send_signal(signal.SIGINT)
    printed, complaint = process.communicate(timeout=60)
    assert process.returncode == 3, complaint
    assert "Traceback" not in complaint
    assert json.loads(printed)["status"] == "stopped"


def slow(folder):
    """Make a repository whose one red test takes its time, so that no search ends early."""
    (folder / "answer.py").write_text(HOPELESS)
    (folder / "test_answer.py").write_text(
        "import time\nimport answer\n\n"
        "def test_it():\n    time.sleep(0.5)\n    assert answer.answer() == 'nothing'\n"
    )
    return folder
