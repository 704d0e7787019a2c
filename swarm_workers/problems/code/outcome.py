"""What the success command says of a state of the code, and when one state is better.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.attempt import TestResult

COMMAND = "<success command>"
"""The name under which the command itself counts as a test, where its tests are not known."""


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """One run of the success command."""

    exit_status: int | None
    """None if it was killed."""
    passed: int
    """Tests that passed."""
    red: frozenset[str]
    """Tests that failed or could not run; `COMMAND` alone where no tests are known."""
    seconds: float
    tests: tuple[TestResult, ...] = ()

    @property
    def is_success(self) -> bool:
        """Say whether the task is done: the exit status alone decides."""
        return self.exit_status == 0


def outcome_of(
    exit_status: int | None, tests: Iterable[TestResult] | None, seconds: float
) -> CommandOutcome:
    """Return the outcome of a run; without known tests, the command counts as one test."""
    known = tuple(tests or ())
    if not known:
        red = frozenset() if exit_status == 0 else frozenset({COMMAND})
        return CommandOutcome(exit_status, int(exit_status == 0), red, seconds)
    passed = sum(test.outcome is TestOutcome.PASSED for test in known)
    red = frozenset(test.test for test in known if test.outcome.is_red)
    return CommandOutcome(exit_status, passed, red, seconds, known)


def why_not_better(
    before: CommandOutcome, after: CommandOutcome, flaky: frozenset[str]
) -> str | None:
    """Say why `after` must not land on `before`; None if it may.

    It may if some red test turned green and none the other way, or if the command succeeds now
    with no test lost. A test that vanished, or is skipped now, counts as one that does not pass: a
    command can be made to succeed by running less. Flaky tests count for neither side.
    """
    if after.exit_status is None:
        return "the success command did not end within its limits"
    turned_red = after.red - before.red - flaky
    if turned_red:
        return f"it turns '{min(turned_red)}' red"
    turned_green = before.red - after.red - flaky
    if not (turned_green or after.is_success):
        return "it turns no red test green"
    lost = before.passed + len(turned_green) - after.passed - len(flaky)
    return f"{lost} tests that passed are gone" if lost > 0 else None
