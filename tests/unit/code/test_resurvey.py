"""What an earlier survey still tells."""

from swarm_workers.problems.code.resurvey import still_true
from swarm_workers.problems.code.warm import Survey
from tasks_schema.kinds import TestOutcome
from tasks_schema.messages.attempt import TestResult


def survey(**lines: set[str]) -> Survey:
    results = {
        test: TestResult(test=test, outcome=TestOutcome.PASSED, seconds=0.1) for test in lines
    }
    ran = {test: {path: frozenset({1}) for path in paths} for test, paths in lines.items()}
    return Survey(results, ran, {})


def test_tests_that_run_through_a_changed_file_are_run_again():
    kept = still_true(survey(near={"a.py", "b.py"}, far={"b.py"}), {"a.py"}, ())
    assert set(kept.tests) == set(kept.lines) == {"far"}


def test_a_test_whose_colour_changed_without_its_files_is_run_again():
    assert not still_true(survey(t={"b.py"}), {"a.py"}, {"t"}).tests


def test_a_test_of_which_no_lines_are_known_is_run_again():
    known = survey(t={"b.py"})
    assert not still_true(Survey(known.tests, {}, {}), {"a.py"}, ()).tests
