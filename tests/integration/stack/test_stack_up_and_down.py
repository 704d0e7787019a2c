"""The stack as a whole: one whatever is called at once, repaired whatever dies, ours alone."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.errors import StackError, UsageError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import services
from orchestrator.stack.fleet import Plan, Program, Running, load_running, save_running
from orchestrator.stack.processes import ProcessIdentity, identify, is_alive
from orchestrator.stack.state import StackState, load_state, save_state
from tests.support.killing import kill_hard

Planner = Callable[[OrchestratorSettings, int], Plan]
pytestmark = [pytest.mark.redis, pytest.mark.postgres]


def worker_of(settings: OrchestratorSettings) -> ProcessIdentity:
    running = load_running(settings.home)
    assert running is not None
    return running.programs["worker"][1]


def _worker_now(settings: OrchestratorSettings) -> ProcessIdentity | None:
    running = load_running(settings.home)
    return running.programs["worker"][1] if running and "worker" in running.programs else None


def test_three_at_once_give_one_stack(settings: OrchestratorSettings, planner: Planner) -> None:
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(services.up, settings, planner=planner) for _ in range(3)]
        states = [call.result() for call in calls]
    assert states[0] == states[1] == states[2]
    assert states[0].is_whole
    assert states[0].processes.keys() == {"supervisor", "valkey", "postgres"}


def test_three_commands_at_once_give_one_pair_of_servers(
    fresh_settings: OrchestratorSettings,
) -> None:
    settings = fresh_settings
    argv = [sys.executable, "-m", "orchestrator.cli.main", "up", "--servers-only"]
    env = {**os.environ, "SWARM_HOME": str(settings.home), "SWARM_EMBEDDED_FSYNC": "false"}
    commands = [
        subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [command.communicate(timeout=60)[1] for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], said
    state = load_state(settings.home)
    assert state is not None
    assert state.is_whole
    assert services.up(settings, with_fleet=False) == state


def test_looking_whether_it_runs_starts_nothing_and_costs_little(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    state = services.up(settings, planner=planner)
    worker = worker_of(settings)
    before = time.process_time()
    assert services.ensure_up(settings) == state
    assert time.process_time() - before < 0.05
    assert worker_of(settings) == worker


def test_what_dies_is_started_again_without_being_asked(
    settings: OrchestratorSettings, planner: Planner, wait_until: Callable[..., None]
) -> None:
    state = services.up(settings, planner=planner)
    assert state.postgres is not None
    assert state.valkey is not None
    worker = worker_of(settings)
    for victim in (worker, state.postgres, state.valkey):
        kill_hard(victim.pid)

    def is_repaired() -> bool:
        now = load_state(settings.home)
        return (
            now is not None
            and now.is_whole
            and (now.postgres, now.valkey) != (state.postgres, state.valkey)
            and is_alive(_worker_now(settings))
        )

    wait_until(is_repaired)
    assert worker_of(settings) != worker


def test_a_new_supervisor_takes_over_what_a_killed_one_left(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    before = services.up(settings, planner=planner)
    worker = worker_of(settings)
    assert before.supervisor is not None
    kill_hard(before.supervisor.pid)
    after = services.up(settings, planner=planner)
    assert after.supervisor != before.supervisor
    assert worker_of(settings) == worker
    assert is_alive(worker)


def test_the_record_of_a_dead_supervisor_does_not_hide_the_living_one(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    state = services.up(settings, planner=planner)
    running = load_running(settings.home)
    assert running is not None
    dead = running.supervisor.model_copy(update={"started": 0})
    save_running(settings.home, Running(supervisor=dead))
    assert services.up(settings, with_fleet=False).supervisor == state.supervisor
    assert "supervisor" in services.down(settings)
    assert not is_alive(state.supervisor)
    assert not is_alive(running.programs["worker"][1])


def test_a_fleet_that_was_written_for_an_older_schema_is_started_anew(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    before = services.up(settings, planner=planner)
    save_state(settings.home, before.model_copy(update={"migrations": "0000_older"}))
    after = services.up(settings, planner=planner)
    assert after.supervisor != before.supervisor
    assert not is_alive(before.supervisor)
    assert after.postgres == before.postgres
    assert services.ensure_up(settings) == after


def test_all_killed_at_once_is_repaired_by_the_next_up(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    before = services.up(settings, planner=planner)
    victims = [before.supervisor, worker_of(settings), before.valkey, before.postgres]
    for victim in victims:
        assert victim is not None
        kill_hard(victim.pid)
    after = services.up(settings, planner=planner)
    assert after.is_whole
    assert is_alive(worker_of(settings))
    assert not any(is_alive(victim) for victim in victims)


def test_down_ends_everything_and_says_what(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    state = services.up(settings, planner=planner)
    ours = [*state.processes.values(), worker_of(settings)]
    assert services.down(settings) == ["supervisor", "worker", "valkey", "postgres"]
    assert not any(is_alive(process) for process in ours)
    assert load_state(settings.home) is None
    assert services.down(settings) == []


def test_down_ends_what_a_killed_supervisor_left(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    state = services.up(settings, planner=planner)
    worker = worker_of(settings)
    assert state.supervisor is not None
    kill_hard(state.supervisor.pid)
    assert "worker" in services.down(settings)
    assert not is_alive(worker)


def test_down_leaves_a_stranger_alone_who_has_a_pid_of_ours_by_now(
    settings: OrchestratorSettings, stranger: subprocess.Popen[bytes]
) -> None:
    services.up(settings, with_fleet=False)
    services.down(settings)
    known = identify(stranger.pid)
    assert known is not None
    former = known.model_copy(update={"started": known.started - 1})
    urls = {"redis_url": "redis://gone", "database_url": "postgresql://gone"}
    save_state(settings.home, StackState(**urls, supervisor=former, valkey=former, postgres=former))
    program = Program(name="worker", argv=("gone",))
    save_running(settings.home, Running(supervisor=former, programs={"worker": (program, former)}))
    (settings.home / "valkey" / "server.pid").write_text(f"{stranger.pid}\n")
    (settings.home / "postgres" / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n")
    assert services.down(settings) == []
    assert stranger.poll() is None


def test_a_program_that_does_not_end_is_killed_when_its_time_is_up(
    settings: OrchestratorSettings,
) -> None:
    hurried = settings.model_copy(update={"drain_seconds_max": 0.2})

    def plan(settings: OrchestratorSettings, _: int) -> Plan:
        ready = settings.home / "run" / "ready"
        deaf = (
            "import pathlib, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
            "pathlib.Path(sys.argv[1]).touch()\nwhile True: signal.pause()"
        )
        argv = (sys.executable, "-c", deaf, str(ready))
        return Plan(programs=(Program(name="worker", argv=argv, ready_file=ready),))

    services.up(hurried, planner=plan)
    worker = worker_of(settings)
    assert "worker" in services.down(hurried)
    assert not is_alive(worker)


def test_a_program_that_cannot_start_is_reported_with_its_last_words(
    settings: OrchestratorSettings,
) -> None:
    def plan(settings: OrchestratorSettings, _: int) -> Plan:
        argv = (sys.executable, "-c", "raise SystemExit('no such broker')")
        ready = settings.home / "run" / "ready"
        return Plan(programs=(Program(name="worker", argv=argv, ready_file=ready),))

    with pytest.raises(StackError, match="the worker does not start: no such broker"):
        services.up(settings, planner=plan)


def test_another_concurrency_is_refused_while_the_fleet_runs(
    settings: OrchestratorSettings, planner: Planner
) -> None:
    services.up(settings, concurrency=2, planner=planner)
    with pytest.raises(UsageError, match="runs 2 attempts at once: run `swarm down`"):
        services.up(settings, concurrency=3, planner=planner)


def test_another_server_is_refused_while_the_fleet_runs(
    settings: OrchestratorSettings, planner: Planner, redis_url: str
) -> None:
    services.up(settings, planner=planner)
    other = OrchestratorSettings(home=settings.home, redis_url=redis_url)
    with pytest.raises(UsageError, match="SWARM_REDIS_URL names another server"):
        services.ensure_up(other)
