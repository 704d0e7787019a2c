"""A whole stack, as a user has it: embedded servers, a worker with two processes, the refill."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from swarm_workers.coordination.records import TurnRecord
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.stm import Stm, check

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Swarm:
    """The `swarm` command on a stack of its own."""

    home: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, code: int | None = 0, seconds: float = 120) -> str:
        """Run a command, expect this exit code (None: any), and return what it printed."""
        done = self.result(*arguments, seconds=seconds)
        if code is not None:
            assert done.returncode == code, f"{done.returncode}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def result(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "orchestrator.cli.main", *arguments]

    def launch(self, repo: Path, success: str, *more: str, code: int | None = 0) -> dict:
        printed = self.run(
            "launch", "--repo", str(repo), "--success", success, "--json", *more, code=code
        )
        return json.loads(printed)

    def refused(self, *arguments: str) -> str:
        """Run a command that must be refused in one line, and return the line."""
        done = self.result(*arguments)
        assert done.returncode == 2, f"{done.returncode}: {done.stdout}\n{done.stderr}"
        lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
        assert len(lines) == 1, done.stderr
        assert "Traceback" not in done.stderr
        return lines[0]

    def query(self, sql: str, *values: object) -> list[tuple]:
        state = json.loads((self.home / "stack.json").read_text())
        with psycopg.connect(state["database_url"]) as connection:
            return connection.execute(sql, values).fetchall()


@pytest.fixture(scope="session")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    home = tmp_path_factory.mktemp("home") / "state"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        "SWARM_HOME": str(home),
        "SWARM_VISIBILITY_TIMEOUT_SECONDS": "6",
        "SWARM_RESEND_SECONDS": "15",
    }
    command = Swarm(home, environment)
    command.run("up", "--concurrency", "2")
    yield command
    command.run("down", code=None)


@pytest.fixture
def running(swarm):
    """Wait until a turn that satisfies a condition runs, and return the pid of its process."""
    state = json.loads((swarm.home / "stack.json").read_text())
    opened = []

    def wait(swarm_id: str, agent: str, is_wanted: Callable[[TurnRecord], bool]) -> int:
        stm = Stm.connect(state["redis_url"], space=swarm_id)
        opened.append(stm)
        record = SharedState(stm).turn(agent)

        def body() -> int:
            now = record.get()
            check(not now.is_done and is_wanted(now))
            return int(now.holder.split("/")[1])

        return stm.atomically(body, timeout_seconds=60)

    yield wait
    for stm in opened:
        stm.close()


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return copied("words", tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return copied("ledger", tmp_path)


def copied(name: str, folder: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    return Path(shutil.copytree(EXAMPLES / name, folder / name, ignore=ignore))


def passes_outside(folder: Path, *arguments: str) -> bool:
    """Run the tests of a folder as its owner would, outside of any sandbox."""
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:valkey", *arguments]
    return subprocess.run(argv, cwd=folder, check=False, capture_output=True).returncode == 0
