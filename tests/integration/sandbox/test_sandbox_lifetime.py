"""Nothing inside outlives the worker, however the worker ends."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from swarm_workers.sandbox.sandbox import Sandbox
from tasks_schema.messages.task import Interpreter
from tests.integration.sandbox.conftest import REPOSITORY, SMALL

WORKER = """
import sys
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.sandbox import Sandbox
from tasks_schema.messages.task import Interpreter
interpreter = Interpreter.model_validate_json(sys.argv[1])
sandbox = Sandbox.boot(interpreter, repository="/srv/x", limits=Limits())
session = sandbox.open({}, "echo", {})
session.receive(10)
print(sandbox._wire._process.pid, flush=True)
sys.stdin.read()
"""


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in descendants(int(child)))]


def wait_ended(pidfds: list[int]) -> None:
    for fd in pidfds:
        assert select.select([fd], [], [], 10)[0], "a process of the sandbox is still there"
        os.close(fd)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_dies_takes_its_sandbox_and_job_along(
    number: signal.Signals, interpreter: Interpreter
) -> None:
    argv = [sys.executable, "-c", WORKER, interpreter.model_dump_json()]
    with subprocess.Popen(argv, stdin=-1, stdout=-1, text=True) as worker:
        assert worker.stdout is not None
        first = int(worker.stdout.readline())
        inside = descendants(first)
        assert len(inside) >= 3, "bubblewrap, the zygote and the job"
        pidfds = [os.pidfd_open(pid) for pid in inside]
        worker.send_signal(number)
        worker.wait(10)
        wait_ended(pidfds)


def test_closing_ends_a_running_job(interpreter: Interpreter) -> None:
    sandbox = Sandbox.boot(interpreter, repository=REPOSITORY, limits=SMALL)
    sandbox.open({}, "echo", {}).receive(10)
    pidfds = [os.pidfd_open(pid) for pid in descendants(sandbox._wire._process.pid)]
    sandbox.close()
    sandbox.close()
    wait_ended(pidfds)
