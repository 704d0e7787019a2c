"""An experiment from its plan to its rows, on real servers; only the fleet's work is made up."""

import os
import signal
import threading
from dataclasses import replace

import pytest
import redis
from sqlalchemy import select

from orchestrator.errors import UsageError
from orchestrator.experiments import records, swarms
from orchestrator.experiments.plan import Run
from orchestrator.experiments.rows import Experiment, RunRow
from orchestrator.experiments.running import Progress, Runner
from orchestrator.experiments.studies import Wanted, runs_of
from orchestrator.experiments.swarms import Swarms, recovery_seconds
from orchestrator.launch.parts import Parts
from orchestrator.settings import OrchestratorSettings
from tasks_schema.kinds import Mode, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.tables.experiments import EXPERIMENTS
from tasks_schema.tables.swarms import SWARMS
from tests.integration.experiments.played_fleet import PlayedFleet, played
from tests.support.experiment_task import Digging

NAME = "digging-abc123"
TASK = Digging()
QUICK = Wanted(is_quick=True, seeds=2)


def runner(parts: Parts, shown: list[Progress] | None = None) -> Runner:
    show = (shown if shown is not None else []).append
    return Runner(parts, NAME, {TASK.name: TASK}, at_once=2, show=show)


def recorded(parts: Parts, wanted: Wanted = QUICK) -> tuple[list[RunRow], tuple[Run, ...]]:
    runs = runs_of(TASK, wanted)
    experiment = Experiment(NAME, {"task": TASK.name}, {}, {}, "swarm experiment run digging")
    with parts.engine.begin() as connection:
        records.record_experiment(connection, experiment, runs)
        return records.read_runs(connection, NAME), runs


def rows_of(parts: Parts) -> list[RunRow]:
    with parts.engine.begin() as connection:
        return records.read_runs(connection, NAME)


def test_every_run_is_a_swarm_and_has_its_figures_from_its_attempts(parts: Parts) -> None:
    rows, runs = recorded(parts)
    shown: list[Progress] = []
    with played(PlayedFleet(parts)) as fleet:
        done = runner(parts, shown).run(rows, runs)
    assert (done.done, done.failed) == (6, 0)
    assert [progress.done for progress in shown] == list(range(7))
    assert {(spec.mode, spec.agents, spec.task.iterations) for spec in fleet.played} == {
        (Mode.SINGLE, 1, 4),
        (Mode.PARALLEL, 2, 2),
        (Mode.SWARM, 2, 2),
    }
    for row in rows_of(parts):
        assert row.status is SwarmStatus.EXHAUSTED
        assert row.measures is not None
        assert row.measures.task.quality == row.run.seed + 3
        assert row.measures.task.evaluations == 40
        assert row.measures.agent_seconds == 2.0
        assert row.statistics is not None
        assert any(site.endswith("Lease._claim") for site in row.statistics["sites"])


def test_what_has_figures_is_not_run_again(parts: Parts) -> None:
    rows, runs = recorded(parts)
    with played(PlayedFleet(parts)):
        runner(parts).run(rows, runs[:2])
    with played(PlayedFleet(parts)) as fleet:
        done = runner(parts).run(*recorded(parts))
    assert len(fleet.played) == 4
    assert done.done == 6


def test_a_swarm_that_a_killed_command_left_is_taken_as_it_is(parts: Parts) -> None:
    rows, runs = recorded(parts)
    with played(PlayedFleet(parts)):
        runner(parts).run(rows, runs)
    before = {row.run.key: row.swarm_id for row in rows_of(parts)}
    with parts.engine.begin() as connection:
        connection.exec_driver_sql("update experiment_runs set measures = null, status = 'pending'")
    with played(PlayedFleet(parts)) as fleet:
        done = runner(parts).run(*recorded(parts))
    assert not fleet.played
    assert done.done == 6
    assert {row.run.key: row.swarm_id for row in rows_of(parts)} == before


def test_a_run_whose_swarm_fails_has_no_figures_and_is_run_again_next_time(parts: Parts) -> None:
    rows, runs = recorded(parts)
    fleet = PlayedFleet(parts)
    fleet.fails = {2}
    shown: list[Progress] = []
    with played(fleet):
        done = runner(parts, shown).run(rows, runs)
    assert (done.done, done.failed) == (3, 3)
    assert any("failed: as the test wants it" in progress.latest for progress in shown)
    assert [row.measures is None for row in rows_of(parts)] == [
        row.run.seed == 2 for row in rows_of(parts)
    ]
    with played(PlayedFleet(parts)):
        assert runner(parts).run(*recorded(parts)).done == 6


def test_a_run_that_lacks_a_report_has_no_figures_and_is_run_again_next_time(
    parts: Parts,
) -> None:
    hasty = parts.settings.model_copy(
        update={"lease_seconds": 0.1, "resend_seconds": 0.1, "attempt_seconds_max": 0.1}
    )
    rows, runs = recorded(parts)
    fleet = PlayedFleet(parts)
    fleet.loses = {2}
    shown: list[Progress] = []
    with played(fleet):
        done = runner(replace(parts, settings=hasty), shown).run(rows, runs)
    assert (done.done, done.failed) == (3, 3)
    told = [progress.latest for progress in shown if progress.latest]
    assert len(told) == 3
    assert all("failed: 1 attempts were not reported within 0.3 s" in each for each in told)
    assert all((row.measures is None) is (row.run.seed == 2) for row in rows_of(parts))
    with played(PlayedFleet(parts)) as again:
        assert runner(parts).run(*recorded(parts)).done == 6
    assert {spec.seed for spec in again.played} == {2}


def test_a_launch_that_was_cut_off_is_made_again_with_the_same_swarm(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, runs = recorded(parts)
    launched: list[str] = []

    def launch(self: Swarms, spec: SwarmSpec) -> None:
        uncut(self, spec)
        launched.append(spec.swarm_id)
        if launched.count(spec.swarm_id) == 1:
            raise redis.ConnectionError("the answer got lost")

    uncut = Swarms.launch
    monkeypatch.setattr(Swarms, "launch", launch)
    monkeypatch.setattr(swarms, "_PATIENCE_SECONDS", 0.05)
    with played(PlayedFleet(parts)) as fleet:
        assert runner(parts).run(rows, runs).done == 6
    assert sorted(launched) == sorted([spec.swarm_id for spec in fleet.played] * 2)
    with parts.engine.begin() as connection:
        assert len(connection.execute(select(SWARMS.c.swarm_id)).all()) == 6


def test_a_lost_turn_is_waited_for_until_it_must_have_come_back() -> None:
    settings = OrchestratorSettings()
    lapsed_and_sent_again = settings.lease_seconds + settings.resend_seconds
    assert recovery_seconds(settings) >= lapsed_and_sent_again + settings.attempt_seconds_max


def test_an_interrupted_command_stops_its_swarms(parts: Parts) -> None:
    rows, runs = recorded(parts)
    fleet = PlayedFleet(parts, is_lazy=True)

    def press_ctrl_c() -> None:
        fleet.saw_one.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press_ctrl_c, daemon=True)
    thread.start()
    with played(fleet), pytest.raises(KeyboardInterrupt):
        runner(parts).run(rows, runs)
    thread.join()
    with parts.engine.begin() as connection:
        left = list(connection.execute(select(SWARMS.c.status)).scalars())
    assert left
    assert set(left) == {SwarmStatus.STOPPED}
    assert all(row.measures is None for row in rows_of(parts))


def test_an_experiment_has_ended_when_no_run_is_missing(parts: Parts) -> None:
    rows, runs = recorded(parts)
    for wanted, has_ended in ((runs[:3], False), (runs, True)):
        with played(PlayedFleet(parts)):
            runner(parts).run(rows, wanted)
        with parts.engine.begin() as connection:
            records.record_completion(connection, NAME)
            ended_at = connection.execute(select(EXPERIMENTS.c.ended_at)).scalar_one()
        assert (ended_at is not None) is has_ended
        rows = rows_of(parts)


def test_an_experiment_keeps_every_command_that_added_to_it(parts: Parts) -> None:
    commands = ("swarm experiment run sudoku", "swarm experiment run all")
    for command in (*commands, *commands):
        experiment = Experiment(NAME, {}, {}, {}, command)
        with parts.engine.begin() as connection:
            records.record_experiment(connection, experiment, ())
    with parts.engine.begin() as connection:
        kept, _ = records.read_experiment(connection, NAME)
    assert kept.command.splitlines() == list(commands)


def test_a_command_that_cannot_be_compared_with_it_adds_nothing(parts: Parts) -> None:
    recorded(parts, Wanted(is_quick=True, seeds=1))
    other = Experiment(NAME, {"task": TASK.name}, {}, {"python": "4"}, "swarm experiment run more")
    with (
        pytest.raises(UsageError, match="python unknown, now 4"),
        parts.engine.begin() as connection,
    ):
        records.record_experiment(connection, other, runs_of(TASK, QUICK))
    assert len(rows_of(parts)) == 3
    with parts.engine.begin() as connection:
        kept, _ = records.read_experiment(connection, NAME)
    assert (kept.command, kept.versions) == ("swarm experiment run digging", {})


def test_an_experiment_that_is_not_there_is_refused_with_those_that_are(parts: Parts) -> None:
    with (
        parts.engine.begin() as connection,
        pytest.raises(UsageError, match="no experiment was run yet"),
    ):
        records.resolve_experiment(connection, None)
    recorded(parts)
    with (
        parts.engine.begin() as connection,
        pytest.raises(UsageError, match=f"no experiment 'diging'; the newest ones are {NAME}"),
    ):
        records.resolve_experiment(connection, "diging")
