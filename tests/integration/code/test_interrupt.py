"""A run of the success command that is interrupted from another thread."""

import sys
import threading
from pathlib import Path

import pytest

from swarm_workers.errors import SandboxError
from swarm_workers.interpreter import find_interpreter
from swarm_workers.problems.code.workbench import Workbench
from swarm_workers.protocols import TreeFile
from swarm_workers.settings import Settings
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import CodeTask

pytestmark = pytest.mark.sandbox

LONG = "import time; open('started', 'w'); time.sleep(300)"


@pytest.fixture
def bench(tmp_path):
    (tmp_path / "a.py").write_text("")
    task = CodeTask(
        description="", repository=str(tmp_path), success="", success_argv=("python", "it.py"),
        interpreter=find_interpreter(tmp_path, Path(sys.executable)),
    )  # fmt: skip
    spec = SwarmSpec(swarm_id="s-1", task=task, agents=1, branch="b", import_landing=0)
    bench = Workbench(spec, store=None, settings=Settings())
    yield bench
    bench.close()


def run(bench: Workbench, program: str) -> int | None:
    result, _ = bench.run_clean({"it.py": TreeFile(program.encode())})
    return result.exit_status


def test_a_long_run_ends_at_once_and_nothing_more_starts_until_the_next_attempt(bench):
    assert run(bench, "raise SystemExit(7)") == 7
    over = threading.Event()

    def interrupt() -> None:
        while not over.wait(0.2):
            bench.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(SandboxError):
        run(bench, LONG)
    over.set()
    thread.join()
    with pytest.raises(SandboxError, match="told to end"):
        run(bench, "raise SystemExit(7)")
    bench.begin()
    assert run(bench, "raise SystemExit(7)") == 7
