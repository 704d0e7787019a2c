"""The code as it is: what the success command says, and whether agents can work on it at all."""

import re

from swarm_workers.problems.code.command import pytest_arguments
from swarm_workers.problems.code.outcome import CommandOutcome
from swarm_workers.sandbox.result import RunResult
from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.task import CodeTask

_PYTEST_INTERNAL_ERROR = 3
_PYTEST_USAGE_ERROR = 4
_PYTEST_NO_TESTS = 5
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
_NO_PYTEST = re.compile(r"No module named pytest\b|No module named '(?:_?pytest|pluggy)'")
_PLACE = re.compile(r'File "/box/([^"\n]+)", line (\d+)')
_ERROR_MARK = re.compile(r"^(?:INTERNALERROR> |E +|ERROR:? )\s*")
_ERROR_LINE = re.compile(r"^(?:INTERNALERROR>|E |ERROR[: ])|\berror: |Error\b.*: ")


def why_refused(task: CodeTask, result: RunResult, outcome: CommandOutcome) -> str:
    """Return a sentence on why no agent can work on this code; empty if agents can."""
    if result.stopped_by is not None:
        return _stopped(task, result)
    is_pytest = pytest_arguments(task.success_argv) is not None
    if is_pytest and result.exit_status == _PYTEST_NO_TESTS:
        return f"'{task.success}' found no tests; name a folder or file that holds some"
    missing = _missing_module(result, outcome)
    if missing is not None:
        return (
            f"the tests need the module '{missing}', which {task.interpreter.executable} lacks; "
            "install it there, or name an interpreter that has it with --python"
        )
    if is_pytest and result.exit_status in (_PYTEST_INTERNAL_ERROR, _PYTEST_USAGE_ERROR):
        return f"pytest does not get to the tests of '{task.success}': {_why(result.output)}"
    broken = _nothing_ran(result, outcome)
    if broken is not None:
        return f"no test could be run: {broken}"
    return ""


def _stopped(task: CodeTask, result: RunResult) -> str:
    if result.stopped_by in ("wall", "cpu"):
        return (
            f"'{task.success}' did not end within {task.command_seconds_max:g} s; "
            "it hangs, or needs more time: raise --command-timeout"
        )
    return f"'{task.success}' was stopped at the sandbox's limit on {result.stopped_by}"


def _missing_module(result: RunResult, outcome: CommandOutcome) -> str | None:
    """Return the module whose absence stops tests from running; None if that is not what does."""
    if outcome.passed:
        return None
    if not outcome.tests:
        return "pytest" if _NO_PYTEST.search(result.output) else None
    found = [_MISSING_MODULE.search(test.message) for test in outcome.tests]
    names = [match.group(1) for match in found if match]
    return names[0] if names and len(names) == len(outcome.red) else None


def _nothing_ran(result: RunResult, outcome: CommandOutcome) -> str | None:
    """Return the first error if not one test of those that are known came to run."""
    if not outcome.tests or any(t.outcome is not TestOutcome.ERROR for t in outcome.tests):
        return None
    first = outcome.tests[0]
    place = _PLACE.findall(result.collect_errors[0]) if result.collect_errors else []
    return f"{first.test}: {first.message}" + (f" ({', line '.join(place[-1])})" if place else "")


def _why(output: str) -> str:
    """Return the line of what pytest printed that says what was wrong, else its last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR_LINE.search(line)]
    line = (errors[-1:] or lines[-1:] or ["it printed nothing"])[0]
    return _ERROR_MARK.sub("", line)
