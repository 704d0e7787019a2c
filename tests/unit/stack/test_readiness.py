"""Starting a server: what passes is tried again, what does not is told at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import ServerStartError
from orchestrator.stack.processes import ProcessIdentity, is_alive, spawn, stop
from orchestrator.stack.readiness import start_until_ready


class Clock:
    """Time that goes on only where somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> None:
        raise NotImplementedError


def scripted(folder: Path, *scripts: str) -> tuple[Callable[[], ProcessIdentity], list[str]]:
    """Return a way to start one script after the other, and the list of those started."""
    started: list[str] = []

    def attempt() -> ProcessIdentity:
        started.append(scripts[len(started)])
        return spawn(
            ["/bin/sh", "-c", started[-1]], log=folder / "log", cwd=folder, env={"PATH": "/bin"}
        )

    return attempt, started


def is_up(process: ProcessIdentity) -> bool:
    return is_alive(process) and Path(f"/proc/{process.pid}/cmdline").read_text().startswith("sle")


def test_a_port_that_was_taken_meanwhile_is_tried_again(tmp_path: Path) -> None:
    attempt, started = scripted(tmp_path, "echo FATAL: port in use", "exec sleep 60")
    process = start_until_ready("x", attempt, is_up, log=tmp_path / "log", seconds_max=10)
    assert len(started) == 2
    assert is_alive(process)
    stop(process, signal_number=9, seconds_max=5)


def test_another_failure_is_told_at_once_with_the_servers_words(tmp_path: Path) -> None:
    attempt, started = scripted(tmp_path, "echo starting; echo FATAL: no such setting; echo bye")
    with pytest.raises(ServerStartError, match="x did not start: FATAL: no such setting") as caught:
        start_until_ready("x", attempt, is_up, log=tmp_path / "log", seconds_max=10)
    assert len(started) == 1
    assert caught.value.log == tmp_path / "log"


def test_a_server_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    attempt, _ = scripted(tmp_path, "exec sleep 60")
    seen: list[ProcessIdentity] = []

    def never(process: ProcessIdentity) -> bool:
        seen.append(process)
        return False

    with pytest.raises(ServerStartError, match="not ready within 3 s"):
        start_until_ready(
            "x", attempt, never, log=tmp_path / "log", seconds_max=3, clock=Clock()
        )  # fmt: skip
    assert not is_alive(seen[0])


def test_an_interrupt_leaves_no_server_behind(tmp_path: Path) -> None:
    attempt, _ = scripted(tmp_path, "exec sleep 60")
    seen: list[ProcessIdentity] = []

    def interrupted(process: ProcessIdentity) -> bool:
        seen.append(process)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start_until_ready("x", attempt, interrupted, log=tmp_path / "log", seconds_max=3)
    assert not is_alive(seen[0])
