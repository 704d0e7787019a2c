"""What the fleet is made of: how each program is told what it is to do."""

import runpy
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from flower.views.tasks import TASK_COLUMNS

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import flower, flowerconfig
from orchestrator.stack.fleet import Program, plan_fleet
from orchestrator.stack.processes import end_within
from orchestrator.stack.watched import Watched


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, Program]:
    plan = plan_fleet(OrchestratorSettings(home=tmp_path), 3)
    return {program.name: program for program in plan.programs}


def test_the_worker_drains_softly_and_says_when_it_is_ready(
    programs: dict[str, Program], tmp_path: Path
) -> None:
    worker = programs["worker"]
    assert worker.env == {"REMAP_SIGTERM": "SIGQUIT"}
    assert worker.argv[worker.argv.index("-c", 3) + 1] == "3"
    node = worker.argv[worker.argv.index("-n") + 1]
    assert worker.ready_file == tmp_path / "run" / f"worker-{node}.ready"


def test_the_dashboard_has_a_password_that_no_command_line_shows(
    programs: dict[str, Program], tmp_path: Path
) -> None:
    dashboard = programs["flower"]
    access = flower.load_endpoint(tmp_path / flower.FILE)
    assert dashboard.env["FLOWER_BASIC_AUTH"] == f"swarm:{access.secret}"
    assert not any(access.secret in part for part in dashboard.argv)
    assert "--address=127.0.0.1" in dashboard.argv


def test_the_dashboards_api_is_never_open(
    programs: dict[str, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWER_UNAUTHENTICATED_API", "true")
    assert programs["flower"].env["FLOWER_UNAUTHENTICATED_API"] == "false"


def test_the_dashboard_shows_an_attempt_in_words() -> None:
    kwargs = "{'swarm': 'auth-7k3f9q', 'agent': 'search-0003', 'kind': 'search', 'turn': 2}"
    task = flowerconfig.format_task(SimpleNamespace(kwargs=kwargs))
    assert task.kwargs == "auth-7k3f9q search-0003 turn 2"


@pytest.mark.parametrize("kwargs", ["{'swarm': 'auth-7k3f9q', 'ag...", "{}", "[1]", None, ""])
def test_other_arguments_are_shown_as_they_came(kwargs: str | None) -> None:
    assert flowerconfig.format_task(SimpleNamespace(kwargs=kwargs)).kwargs == kwargs


def test_the_dashboards_configuration_runs_as_a_script_and_names_columns_that_flower_has() -> None:
    columns = runpy.run_path(str(flowerconfig.__file__))["tasks_columns"].split(",")
    assert set(columns) <= set(TASK_COLUMNS)
    assert TASK_COLUMNS["kwargs"] == "Attempt"
    assert "received" in columns  # Flower sorts by it: the newest come first


def test_a_program_that_keeps_dying_is_started_after_growing_pauses(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    settings = OrchestratorSettings(home=tmp_path, restart_seconds_max=3)
    watched = Watched(Program(name="worker", argv=("/bin/true",)), settings)
    now, started_at = 0.0, []
    while len(started_at) < 5:
        if watched.tend(now) and watched.process is not None:
            end_within(watched.process, seconds_max=10)
            started_at.append(now)
        now += 0.25
    # A death is seen at the next look, a quarter of a second later; the pause counts from there.
    assert [after - before for before, after in pairwise(started_at)] == [0.75, 1.25, 2.25, 3.25]
