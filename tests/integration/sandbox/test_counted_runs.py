"""Code on a function that counts its calls: what it may do, and what its attacks come to."""

from collections.abc import Iterator

import pytest

from swarm_workers.sandbox.counted import CODE_BYTES_MAX, CountedFunction, CountedRun, CountedRunner
from swarm_workers.sandbox.inside.surfaces import ridges
from swarm_workers.settings import Settings

RIDGES = CountedFunction("ridges", (0.0, 0.0, 0.0), 50)


@pytest.fixture(scope="module")
def runner(isolating: None) -> Iterator[CountedRunner]:
    runner = CountedRunner(Settings())
    yield runner
    runner.close()


def run(runner: CountedRunner, code: str) -> CountedRun:
    return runner.run(code, RIDGES)


def test_code_gets_the_values_of_the_function_and_its_calls_are_counted(runner):
    done = run(runner, "answer = [f([1.0, 2.0, 3.0]), f((4, 5, 0.5))]")
    assert done.answer == [ridges((1.0, 2.0, 3.0)), ridges((4.0, 5.0, 0.5))]
    assert (done.evaluations, done.error) == (2, "")
    assert done.cpu_seconds > 0


def test_a_call_too_many_ends_the_code_and_what_it_has_found_stays(runner):
    done = run(runner, "answer = 0\nwhile True:\n    f([1, 1, 1])\n    answer += 1")
    assert (done.evaluations, done.answer, done.error) == (50, 50, "")


def test_code_that_goes_on_after_the_last_call_gets_no_more(runner):
    code = """
answer = 0
for _ in range(500):
    try:
        f([1, 1, 1])
        answer += 1
    except Exception:
        pass
"""
    assert (run(runner, code).evaluations, run(runner, code).answer) == (50, 50)


def test_code_that_speaks_to_the_server_itself_gets_no_more_either(runner):
    code = """
import struct
line = f.__closure__[[cell for cell in f.__code__.co_freevars].index("send")].cell_contents.__self__
answer = 0
for _ in range(500):
    line.send(b"?" + struct.pack("<3d", 1, 1, 1))
    answer += len(line.recv(16)) == 8
"""
    done = run(runner, code)
    assert (done.evaluations, done.answer) == (50, 50)


def test_the_process_that_runs_the_code_knows_nothing_of_the_function(runner):
    code = """
import gc, sys
answer = [name for name in sys.modules if "surfaces" in name]
answer += [str(each) for each in gc.get_objects() if callable(each)
           and getattr(each, "__name__", "") == "ridges"]
"""
    assert run(runner, code).answer == []


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(3)", "it ended with status 3 before it answered"),
        ("answer = object()", "its answer is no JSON"),
        ("answer = 'a' * 200_000", "it ended with status 0 before it answered"),
        ("f([1.0])", "error: pack expected 3 items for packing (got 1)"),
        ("this is no code", "SyntaxError: invalid syntax (<search>, line 1)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
         "it ran out of time, or ended by signal 11"),
        ("#" * (CODE_BYTES_MAX + 1), f"its code is longer than {CODE_BYTES_MAX} bytes"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(runner, code, error):
    done = run(runner, code)
    assert (done.answer, done.error) == (None, error)
    assert run(runner, "answer = 1").answer == 1


def test_a_point_outside_of_the_box_or_none_at_all_has_the_least_value(runner):
    done = run(runner, "answer = [f([9, 9, 9]) < -1e300, f([float('nan')] * 3) < -1e300]")
    assert done.answer == [True, True]


def test_what_a_run_leaves_behind_is_gone_before_the_next(runner):
    leaving = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
answer = 1
"""
    listing = "import os\nanswer = sum(name.isdigit() for name in os.listdir('/proc'))"
    before = run(runner, listing).answer
    assert run(runner, leaving).answer == 1
    assert run(runner, listing).answer == before


def test_code_that_kills_all_around_it_costs_its_own_run_and_no_other(runner):
    attack = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.kill(-1, signal.SIGKILL)"
    done = run(runner, attack)
    assert done.answer is None
    assert done.error
    assert run(runner, "answer = f([1, 1, 1])").answer == ridges((1.0, 1.0, 1.0))
