"""Experiments as a person runs them: on real workers, killed, interrupted, gone on with."""

import json
import signal
from pathlib import Path

import pytest

from tests.support.killing import kill_hard

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

SMALL = ("--study", "comparison", "--instance", "rastrigin-8", "--agents", "3", "--iterations", "4")
"""Too few turns for this surface: no run ends before all are taken."""


def ran(swarm, file: Path, *arguments: str) -> dict:
    swarm.run("experiment", "run", *arguments, "--json", str(file))
    return json.loads(file.read_text(encoding="utf-8"))


def qualities(found: dict) -> dict[str, float]:
    return {run["key"]: run["measures"]["task"]["quality"] for run in found["runs"]}


def attempts_of(swarm, experiment: str) -> list[tuple[int, int, int]]:
    """Return for each run how many attempts, turns of agents, and attempts without report."""
    return swarm.query(
        "select count(*), count(distinct (a.agent_id, a.turn)),"
        " count(*) filter (where a.reported_at is null)"
        " from experiment_runs r join attempts a using (swarm_id)"
        " where r.experiment_id = %s group by r.run_key",
        experiment,
    )


def swarm_of(swarm, experiment: str) -> str:
    """Return a swarm of an experiment that is under way."""
    for _ in range(600):
        found = swarm.query(
            "select swarm_id from experiment_runs join swarms using (swarm_id)"
            " where experiment_id = %s and swarms.ended_at is null",
            experiment,
        )
        if found:
            return found[0][0]
    raise AssertionError(f"no swarm of {experiment} was launched")


def test_every_mode_takes_the_same_number_of_turns_and_the_page_tells_of_it(swarm, tmp_path):
    found = ran(swarm, tmp_path / "runs.json", "optimization", *SMALL, "--seeds", "1")
    assert {run["mode"] for run in found["runs"]} == {"single", "parallel", "swarm"}
    assert {tuple(row) for row in attempts_of(swarm, found["experiment_id"])} == {(12, 12, 0)}
    assert all(0 < run["overhead"]["share"] < 1 for run in found["runs"])
    assert all(run["measures"]["task"]["tokens"] is None for run in found["runs"])
    page = Path(
        swarm.run("experiment", "report", found["experiment_id"], "--output", str(tmp_path)).strip()
    )
    text = page.read_text(encoding="utf-8")
    assert "## Verdict" in text
    assert found["command"] in text
    assert str(tmp_path) not in text
    assert str(swarm.home) not in text


def test_the_same_seeds_give_the_same_quality_in_mode_single(swarm, tmp_path):
    single = ("optimization", *SMALL, "--modes", "single", "--seeds", "2")
    first, second = (ran(swarm, tmp_path / f"{name}.json", *single) for name in "ab")
    assert first["experiment_id"] != second["experiment_id"]
    assert qualities(first) == qualities(second)


def test_a_worker_killed_in_the_middle_changes_no_runs_validity(swarm, tmp_path, running):
    arguments = ("experiment", "run", "optimization", *SMALL, "--seeds", "1", "--id", "killed")
    process = swarm.start(*arguments, "--modes", "swarm", "--json", str(tmp_path / "runs.json"))
    swarm_id = swarm_of(swarm, "killed")
    kill_hard(running(swarm_id, "optimizer-0000", lambda record: record.turn >= 1))
    _, said = process.communicate(timeout=100)
    assert process.returncode == 0, said
    assert attempts_of(swarm, "killed") == [(12, 12, 0)]
    [run] = json.loads((tmp_path / "runs.json").read_text(encoding="utf-8"))["runs"]
    assert run["measures"]["attempts"] == {"finished": 12}


def test_what_ctrl_c_left_is_gone_on_with_by_the_same_name(swarm, tmp_path):
    arguments = ("optimization", *SMALL, "--seeds", "2", "--id", "interrupted")
    process = swarm.start("experiment", "run", *arguments)
    stopped = swarm_of(swarm, "interrupted")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "after an interruption add --id interrupted" in said
    assert said.splitlines()[-1].endswith("the same command with --id interrupted goes on")
    [(status,)] = swarm.query("select status from swarms where swarm_id = %s", stopped)
    assert status in ("stopped", "exhausted")
    said = swarm.refused("experiment", "run", *arguments, "--at-once", "3")
    assert "experiment 'interrupted' was begun otherwise: --at-once 2, now 3" in said
    found = ran(swarm, tmp_path / "runs.json", *arguments)
    assert len(qualities(found)) == 6
    assert {tuple(row) for row in attempts_of(swarm, "interrupted")} == {(12, 12, 0)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("chess",),
            "there is no task 'chess'; choose optimization, sudoku, research, failures or all",
        ),
        (("sudoku", "--modes", "solo"), "there is no mode 'solo'"),
        (("sudoku", "--seeds", "0"), "--seeds 0 is out of range; give 1 to 1,000"),
        (("optimization", "--instance", "moon-3"), "there is no surface 'moon-3'"),
        (("sudoku", "--round-trip", "-1"), "--round-trip -1 is out of range; give 0 to 1000"),
        (("sudoku", "--corpus", "."), "'sudoku' reads no documents"),
        (("sudoku", "--study", "sweep", "--modes", "swarm"), "--modes would change nothing here"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(swarm, arguments, sentence):
    assert sentence in swarm.refused("experiment", "run", *arguments)


def test_a_report_says_whose_page_it_replaces(swarm, tmp_path):
    page = tmp_path / "SWARM_RESULTS.md"
    page.write_text("experiment `full`, begun on 1 May 2026\n", encoding="utf-8")
    small = ("--modes", "single", "--seeds", "1", "--id", "newest")
    swarm.run("experiment", "run", "optimization", *SMALL, *small)
    done = swarm.result("experiment", "report", "--output", str(tmp_path))
    assert done.stderr == "note: the page of 'full' was replaced by that of 'newest'\n"
    assert "`newest`" in page.read_text(encoding="utf-8")
    assert swarm.result("experiment", "report", "--output", str(tmp_path)).stderr == ""


def test_a_report_of_what_was_never_run_is_refused(swarm):
    assert "there is no experiment 'never'" in swarm.refused("experiment", "report", "never")


def test_each_failure_is_overcome_with_its_remedy_and_the_page_says_what_that_means(
    swarm, tmp_path
):
    named = ("--seeds", "1", "--id", "trials")
    swarm.run("experiment", "run", "optimization", *SMALL, *named)
    found = ran(swarm, tmp_path / "trials.json", "failures", *named)
    trials = {(each["failure"], each["has_remedy"]): each for each in found["failures"]}
    assert len(trials) == 10
    assert all(each["trial"]["is_overcome"] for (_, has), each in trials.items() if has)
    for name in ("deadlock", "starvation", "crashed holder", "poisoned state"):
        assert not trials[name, False]["trial"]["is_overcome"]
    for has_remedy in (True, False):
        figures = trials["crashed holder", has_remedy]["trial"]["figures"]
        assert figures == {"turns reported, of 6": 6}
    told = ("report", found["experiment_id"], "--output", str(tmp_path))
    text = Path(swarm.run("experiment", *told).strip()).read_text(encoding="utf-8")
    for each in found["failures"]:
        assert f"*Overcome*: {each['overcome']}." in text
        assert f"| {each['seconds_max']:g} s " in text
    for left in ("swarms where ended_at is null", "attempts where reported_at is null"):
        query = f"select swarm_id from {left} and starts_with(swarm_id, %s)"
        assert swarm.query(query, "sudoku-") == []
