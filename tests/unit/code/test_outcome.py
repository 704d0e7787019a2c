"""What may land on what."""

from swarm_workers.problems.code.outcome import (
    COMMAND,
    CommandOutcome,
    outcome_of,
    why_not_better,
)
from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.attempt import TestResult

NONE: frozenset[str] = frozenset()


def outcome(passed: int, *red: str, exit_status: int | None = 1) -> CommandOutcome:
    return CommandOutcome(exit_status, passed, frozenset(red), 0.1)


def test_one_red_test_turned_green_may_land():
    assert why_not_better(outcome(5, "a", "b"), outcome(6, "b"), NONE) is None


def test_a_green_test_turned_red_may_not_land_whatever_else_it_mends():
    reason = why_not_better(outcome(5, "a", "b"), outcome(6, "c"), NONE)
    assert reason == "it turns 'c' red"


def test_no_test_turned_green_may_not_land():
    reason = why_not_better(outcome(5, "a"), outcome(5, "a"), NONE)
    assert reason == "it turns no red test green"


def test_tests_that_vanish_do_not_count_as_mended():
    reason = why_not_better(outcome(5, "a", "b"), outcome(3, "b"), NONE)
    assert reason == "3 tests that passed are gone"


def test_a_command_that_was_killed_may_not_land():
    reason = why_not_better(outcome(5, "a"), outcome(0, exit_status=None), NONE)
    assert reason == "the success command did not end within its limits"


def test_a_flaky_test_counts_for_neither_side():
    flaky = frozenset({"f"})
    assert why_not_better(outcome(5, "a", "f"), outcome(6, "a"), flaky) is not None
    assert why_not_better(outcome(6, "a"), outcome(6, "f"), flaky) is None


def test_success_may_land():
    assert why_not_better(outcome(5, "a"), outcome(6, exit_status=0), NONE) is None


def test_success_may_land_where_only_the_command_itself_was_red():
    before = CommandOutcome(1, 0, frozenset({COMMAND}), 0.1)
    assert why_not_better(before, outcome(7, exit_status=0), NONE) is None
    assert why_not_better(outcome(7, exit_status=1), outcome(7, exit_status=0), NONE) is None


def test_a_command_that_succeeds_because_it_runs_fewer_tests_may_not_land():
    reason = why_not_better(outcome(5, "a"), outcome(5, exit_status=0), NONE)
    assert reason == "1 tests that passed are gone"


def test_a_command_that_succeeds_although_a_green_test_is_red_may_not_land():
    assert why_not_better(outcome(5, "a"), outcome(5, "b", exit_status=0), NONE) is not None


def test_without_known_tests_the_command_counts_as_one():
    assert outcome_of(1, None, 0.1).red == {COMMAND}
    assert outcome_of(0, (), 0.1).passed == 1


def test_tests_that_could_not_run_are_red_and_skipped_ones_neither():
    tests = [
        TestResult(test="a", outcome=TestOutcome.ERROR, seconds=0),
        TestResult(test="b", outcome=TestOutcome.SKIPPED, seconds=0),
        TestResult(test="c", outcome=TestOutcome.PASSED, seconds=0),
    ]
    found = outcome_of(1, tests, 0.1)
    assert (found.passed, found.red) == (1, {"a"})
