"""What a job may use, and what happens when it uses more."""

from collections.abc import Callable

import pytest

from swarm_workers.protocols import TreeFile
from swarm_workers.sandbox.result import RunResult
from swarm_workers.sandbox.sandbox import Sandbox
from tests.integration.sandbox.conftest import MIB, SMALL

Run = Callable[..., RunResult]


def test_a_fork_bomb_fizzles_out_at_the_limit_of_processes(run_python: Run) -> None:
    script = """
import os, time
count = 0
try:
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(100)
        count += 1
except OSError as error:
    print(error.errno, flush=True)
print(count, flush=True)
"""
    ended = run_python(script)
    if ended.stopped_by is None:
        assert ended.output.split()[0] == "11", "EAGAIN"
        assert int(ended.output.split()[1]) <= SMALL.processes
    else:
        assert ended.stopped_by == "processes"


def test_an_endless_fork_bomb_is_ended(run_python: Run) -> None:
    script = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError: pass\n"
    assert run_python(script, wall_seconds=1).stopped_by in ("wall", "processes", "cpu")
    assert run_python("print(1)").exit_status == 0


def test_one_process_cannot_take_more_memory_than_the_limit(run_python: Run) -> None:
    ended = run_python("data = bytearray(2 * 2**30)")
    assert "MemoryError" in ended.output
    assert ended.exit_status == 1


def test_processes_cannot_take_more_memory_together(run_python: Run) -> None:
    script = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        data = bytearray(b"x") * (300 * 2**20)
        time.sleep(100)
time.sleep(100)
"""
    ended = run_python(script)
    assert ended.stopped_by == "memory"
    assert ended.exit_status is None
    assert ended.rss_bytes_max > SMALL.memory_bytes


def test_memory_that_no_limit_would_count_cannot_be_had(run_python: Run) -> None:
    script = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
try:
    os.memfd_create("x")
except OSError as error:
    print(error.errno)
print(libc.shmget(0, 4096, 0o1666), ctypes.get_errno())
"""
    assert run_python(script).output.split() == ["38", "-1", "38"]


def test_a_file_cannot_grow_beyond_its_limit(run_python: Run) -> None:
    ended = run_python(f"with open('big', 'wb') as f: f.write(bytes({SMALL.file_bytes + 1}))")
    assert "File too large" in ended.output


def test_many_files_cannot_grow_beyond_the_disk(run_python: Run) -> None:
    script = f"""
for number in range(100):
    open(f"file-{{number}}", "wb").write(bytes({MIB}))
"""
    ended = run_python(script)
    assert "No space left on device" in ended.output


def test_code_that_does_not_fit_is_not_run(sandbox: Sandbox) -> None:
    tree = {f"file-{n}": TreeFile(bytes(9 * MIB)) for n in range(4)}
    ended = sandbox.run(tree, ["python", "-c", "print('ran')"])
    assert ended.stopped_by == "disk"
    assert ended.exit_status is None
    assert ended.output == ""


def test_an_endless_loop_ends_at_the_limit_of_cpu_time(run_python: Run) -> None:
    ended = run_python("while True: pass", cpu_seconds=0.3)
    assert ended.stopped_by == "cpu"
    assert ended.exit_status is None
    assert 0.2 < ended.cpu_seconds < 3


def test_cpu_time_of_all_processes_counts_together(run_python: Run) -> None:
    script = "import os\nos.fork()\nos.fork()\nwhile True: pass\n"
    ended = run_python(script, cpu_seconds=0.5)
    assert ended.stopped_by == "cpu"


def test_a_sleeper_ends_at_the_limit_of_time(run_python: Run) -> None:
    ended = run_python(
        "import time; print('began', flush=True); time.sleep(1000)", wall_seconds=0.5
    )
    assert ended.stopped_by == "wall"
    assert ended.exit_status is None
    assert ended.signal is None
    assert ended.output == "began\n"


def test_who_ignores_every_signal_ends_all_the_same(run_python: Run) -> None:
    script = """
import signal, time
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
while True: time.sleep(100)
"""
    assert run_python(script, wall_seconds=0.5).stopped_by == "wall"


def test_a_flood_of_output_is_stopped_and_its_end_is_kept(run_python: Run) -> None:
    ended = run_python("while True: print('x' * 1000)", output_bytes=10_000)
    assert ended.stopped_by == "output"
    assert ended.exit_status is None
    assert len(ended.output) == 10_000


@pytest.mark.parametrize("status", [0, 3, 255])
def test_an_exit_status_is_told_as_it_is(status: int, run_python: Run) -> None:
    ended = run_python(f"import os; print('bytes: \\u00e9', flush=True); os._exit({status})")
    assert (ended.exit_status, ended.stopped_by, ended.signal) == (status, None, None)
    assert ended.output == "bytes: é\n"


def test_a_signal_is_told_as_it_is(run_python: Run) -> None:
    ended = run_python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert (ended.exit_status, ended.stopped_by, ended.signal) == (None, None, 11)
