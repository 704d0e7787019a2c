"""Why no agent can work on the code as it is, in a sentence that names the thing to mend."""

import pytest

from swarm_workers.problems.code.baseline import why_refused
from swarm_workers.problems.code.outcome import outcome_of
from swarm_workers.sandbox.result import RunResult
from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.attempt import TestResult
from tasks_schema.messages.task import CodeTask, Interpreter


def task(success: str) -> CodeTask:
    return CodeTask(
        description="",
        repository="/code",
        success=success,
        success_argv=tuple(success.split()),
        interpreter=Interpreter(executable="/v/bin/python", version=(3, 11), folders=()),
        command_seconds_max=60,
    )


def said(
    success: str, status: int, output: str, *red: TestResult, errors: tuple[str, ...] = ()
) -> str:
    result = RunResult(
        exit_status=status, stopped_by=None, signal=None, output=output, seconds=1,
        cpu_seconds=1, rss_bytes_max=0, tests=red, collect_errors=errors,
    )  # fmt: skip
    return why_refused(task(success), result, outcome_of(status, red, 1))


@pytest.mark.parametrize(
    ("status", "output", "why"),
    [
        (
            4,
            "ERROR: file or directory not found: lost\n\nno tests ran in 0.00s\n",
            "file or directory not found: lost",
        ),
        (
            4,
            "ERROR: usage: pytest\npytest: error: unrecognized arguments: -n\n  rootdir: /box\n",
            "pytest: error: unrecognized arguments: -n",
        ),
        (
            4,
            "ImportError while loading conftest '/box/conftest.py'.\nE   RuntimeError: boom\n",
            "RuntimeError: boom",
        ),
        (3, "INTERNALERROR> Traceback:\nINTERNALERROR> SystemExit: 3\n", "SystemExit: 3"),
        (4, "", "it printed nothing"),
    ],
)
def test_the_line_that_says_why_pytest_gave_up_is_told(status, output, why):
    assert said("pytest -q", status, output) == (
        f"pytest does not get to the tests of 'pytest -q': {why}"
    )


@pytest.mark.parametrize("success", ["python -m pytest -q", "make test"])
def test_a_python_without_pytest_is_named(success):
    sentence = said(success, 1, "/v/bin/python: No module named pytest\n")
    assert "need the module 'pytest', which /v/bin/python lacks" in sentence
    assert "--python" in sentence


def test_the_file_that_does_not_compile_is_named_beside_the_test_that_imports_it():
    error = TestResult(
        test="test_it.py", outcome=TestOutcome.ERROR, seconds=0, message="SyntaxError: no"
    )
    text = 'test_it.py:1: in <module>\nE     File "/box/pkg/calc.py", line 9\nE   SyntaxError: no'
    sentence = said("pytest -q", 2, "", error, errors=(text,))
    assert sentence.endswith("test_it.py: SyntaxError: no (pkg/calc.py, line 9)")


def test_code_with_one_test_that_ran_is_not_refused():
    red = TestResult(test="test_it.py::test", outcome=TestOutcome.FAILED, seconds=0)
    assert said("pytest -q", 1, "", red) == ""
