"""A state folder of one's own, and a fleet of small programs in the place of the real one."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import services
from orchestrator.stack.fleet import Plan, Program

PROGRAM = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
pathlib.Path(sys.argv[1]).write_text("ready")
while True:
    signal.pause()
"""


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder as `swarm down` leaves it: a copy spares a test the making of a database."""
    made = settings_at(tmp_path_factory.mktemp("prepared") / "home")
    services.up(made, with_fleet=False)
    services.down(made)
    return made.home


@pytest.fixture
def settings(tmp_path: Path, prepared_home: Path) -> Iterator[OrchestratorSettings]:
    """Settings of a stack that is brought down at the end, whatever the test left of it."""
    shutil.copytree(prepared_home, tmp_path / "home")
    yield from _until_down(settings_at(tmp_path / "home"))


@pytest.fixture
def fresh_settings(tmp_path: Path) -> Iterator[OrchestratorSettings]:
    """The same with a state folder that is not there yet."""
    yield from _until_down(settings_at(tmp_path / "home"))


def settings_at(home: Path) -> OrchestratorSettings:
    return OrchestratorSettings(home=home, embedded_fsync=False, drain_seconds_max=5)


def _until_down(settings: OrchestratorSettings) -> Iterator[OrchestratorSettings]:
    yield settings
    services.down(settings)


@pytest.fixture
def planner() -> Callable[[OrchestratorSettings, int], Plan]:
    """A fleet of one program that says when it is ready and ends when told to."""

    def plan(settings: OrchestratorSettings, concurrency: int) -> Plan:
        ready = settings.home / "run" / "worker.ready"
        argv = (sys.executable, "-c", PROGRAM, str(ready), str(concurrency))
        return Plan(programs=(Program(name="worker", argv=argv, ready_file=ready),))

    return plan


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A living process that is none of ours."""
    argv = [sys.executable, "-c", "import signal; signal.pause()"]
    with subprocess.Popen(argv) as process:
        yield process
        os.kill(process.pid, signal.SIGKILL)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition that another process brings about; fail after a generous while."""
    from swarm_workers.clock import RealClock  # noqa: PLC0415 - the one user of a clock here

    clock = RealClock()

    def wait(is_true: Callable[[], bool]) -> None:
        deadline = clock.monotonic() + 20
        while not is_true():
            assert clock.monotonic() < deadline, "it did not come true within 20 s"
            clock.sleep(0.01)

    return wait
