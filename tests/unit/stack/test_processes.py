"""Processes are known by more than their pid."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from orchestrator.stack.processes import (
    end_within,
    identify,
    is_alive,
    is_running_in,
    send,
    spawn,
    stop,
)

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]


def test_a_living_process_is_recognised_and_its_successor_is_not() -> None:
    own = identify(os.getpid())
    assert is_alive(own)
    assert own is not None
    assert not is_alive(own.model_copy(update={"started": own.started + 1}))
    assert not is_alive(own.model_copy(update={"boot": "another boot of this machine"}))
    assert not is_alive(None)


def test_a_process_that_ended_is_not_alive_although_nobody_waited_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"],
                          stdin=subprocess.PIPE) as process:  # fmt: skip
        identity = identify(process.pid)
        assert identity is not None
        assert is_alive(identity)
        end = os.pidfd_open(process.pid)
        assert process.stdin is not None
        process.stdin.close()
        os.waitid(os.P_PIDFD, end, os.WEXITED | os.WNOWAIT)
        os.close(end)
        assert not is_alive(identity)


def test_what_is_spawned_writes_to_its_log_and_has_a_session_of_its_own(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getsid(0) == os.getpid(), os.environ['WORD'], flush=True)"
    process = spawn(
        [sys.executable, "-c", code],
        log=tmp_path / "log", cwd=tmp_path, env={"WORD": "kept"},
    )  # fmt: skip
    end_within(process, seconds_max=10)
    assert (tmp_path / "log").read_text() == "True kept\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_stop_ends_what_runs_and_says_whether_it_ran(tmp_path: Path) -> None:
    process = spawn(SLEEPER, log=tmp_path / "log", cwd=tmp_path, env={})
    assert is_running_in(process.pid, tmp_path)
    assert stop(process, signal_number=signal.SIGTERM, seconds_max=10)
    assert not is_alive(process)
    assert not stop(process, signal_number=signal.SIGTERM, seconds_max=10)
    assert not is_running_in(process.pid, tmp_path)


def test_a_signal_to_a_former_owner_of_a_pid_reaches_nobody() -> None:
    own = identify(os.getpid())
    assert own is not None
    former = own.model_copy(update={"started": own.started - 1})
    send(former, signal.SIGKILL)
    assert not stop(former, signal_number=signal.SIGKILL, seconds_max=1)
