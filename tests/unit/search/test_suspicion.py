from math import isclose, sqrt

from swarm_workers.agents.search.suspicion import line_suspicion

LINES = {
    "red": {"a.py": {1, 2}},
    "other red": {"a.py": {2}, "b.py": {9}},
    "green": {"a.py": {1}},
}


def test_line_that_only_the_failing_test_runs_is_as_suspicious_as_can_be() -> None:
    assert line_suspicion(LINES, failing=["red"], passing=["green"])["a.py"][2] == 1


def test_passing_tests_take_suspicion_away() -> None:
    scores = line_suspicion(LINES, failing=["red"], passing=["green"])
    assert isclose(scores["a.py"][1], 1 / sqrt(2))


def test_failing_tests_that_do_not_run_a_line_take_suspicion_away() -> None:
    scores = line_suspicion(LINES, failing=["red", "other red"], passing=["green"])
    assert scores["a.py"][2] == 1
    assert isclose(scores["b.py"][9], 1 / sqrt(2))


def test_lines_that_no_failing_test_runs_are_left_out() -> None:
    scores = line_suspicion(LINES, failing=["other red"], passing=["green"])
    assert set(scores["a.py"]) == {2}


def test_tests_without_known_lines_are_left_out_of_account() -> None:
    scores = line_suspicion(LINES, failing=["red", "unknown"], passing=["green", "unheard"])
    assert scores == line_suspicion(LINES, failing=["red"], passing=["green"])
