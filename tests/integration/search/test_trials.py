"""Candidates judged by a warm session, wherever the edit stands and whatever it does."""

import textwrap
import time
from collections.abc import Iterator, Sequence

import pytest

from swarm_workers.problems.code.warm import (
    Trial,
    UnknownTestError,
    UnsteadyTestError,
    WarmSession,
)
from swarm_workers.protocols import Edit, EditCandidate, TreeFile
from swarm_workers.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.sandbox


def dedent(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def edit(text: str, old: str, new: str, path: str = "module.py") -> EditCandidate:
    assert text.count(old) == 1, f"{old!r} must stand in the text once"
    start = text.index(old)
    line = text.count("\n", 0, start) + 1
    return EditCandidate((Edit(path, start, start + len(old), new),), "test", line)


def trials(
    session: WarmSession, candidates: Sequence[EditCandidate], focus: str, *green: str
) -> list[Trial]:
    prefix = "test_it.py::"
    return list(
        session.evaluate(candidates, focus=prefix + focus, green=[prefix + test for test in green])
    )


MODULE = dedent(
    """
    import functools
    import itertools
    import time

    FACTOR = 3
    KNOWN = {}


    def twice(function):
        @functools.wraps(function)
        def inner(*arguments):
            return function(*arguments) + 0
        return inner


    class Base:
        def start(self):
            return 1


    class Counter(Base):
        step = 5

        def __init__(self, by=7):
            self.by = by

        def __hidden(self):
            return super().start() + 1

        @twice
        def count(self):
            return self.__hidden() + 10


    def remembered(key):
        if key not in KNOWN:
            KNOWN[key] = key + 1
        return KNOWN[key]


    def made_at_import():
        return 40


    ANSWER = made_at_import() + 1


    def outer(x):
        def nested(y):
            return x + y
        return nested(1)


    def constant():
        return FACTOR
    """
)
TESTS = dedent(
    """
    from module import *
    from module import KNOWN

    def test_green(): assert constant() == 3
    def test_count(): assert Counter().count() == 13
    def test_hidden(): assert Counter().count() == 22
    def test_remembered(): assert remembered(1) == 3
    def test_answer(): assert ANSWER == 42
    def test_outer(): assert outer(1) == 5
    def test_constant(): assert constant() == 4
    def test_step(): assert Counter().step == 6
    def test_by(): assert Counter().by == 8
    """
)


@pytest.mark.parametrize(
    ("focus", "old", "new"),
    [
        ("test_count", "+ 10", "+ 11"),
        ("test_hidden", "super().start() + 1", "super().start() + 11"),
        ("test_count", "*arguments) + 0", "*arguments) + 1"),
        ("test_remembered", "key + 1", "key + 2"),
        ("test_outer", "return x + y", "return x + y + 3"),
        ("test_outer", "nested(1)", "nested(4)"),
        ("test_answer", "return 40", "return 41"),
        ("test_answer", "made_at_import() + 1", "made_at_import() + 2"),
        ("test_constant", "FACTOR = 3", "FACTOR = 4"),
        ("test_step", "step = 5", "step = 6"),
        ("test_by", "by=7", "by=8"),
    ],
)
def test_right_edit_turns_its_test_green_wherever_it_stands(
    session: WarmSession, focus: str, old: str, new: str
) -> None:
    (trial,) = trials(session, [edit(MODULE, old, new)], focus)
    assert trial.turned_green == {f"test_it.py::{focus}"}
    assert trial.is_good


@pytest.fixture(scope="module")
def session(box: Sandbox) -> Iterator[WarmSession]:
    tree = {"module.py": TreeFile(MODULE.encode()), "test_it.py": TreeFile(TESTS.encode())}
    warm = WarmSession(box.open(tree, "pytest_session", {"args": []}))
    warm.survey()
    yield warm
    warm.close()


def test_file_of_a_cold_candidate_is_put_back(session: WarmSession) -> None:
    right, other = edit(MODULE, "FACTOR = 3", "FACTOR = 4"), edit(MODULE, "step = 5", "step = 9")
    first, second, third = trials(session, [right, other, right], "test_constant")
    assert [bool(trial.turned_green) for trial in (first, second, third)] == [True, False, True]


def test_edit_that_breaks_a_green_test_is_not_good(session: WarmSession) -> None:
    candidate = edit(MODULE, "return FACTOR", "return 4")
    (trial,) = trials(session, [candidate], "test_constant", "test_green")
    assert trial.turned_green == {"test_it.py::test_constant"}
    assert trial.turned_red == {"test_it.py::test_green"}
    assert not trial.is_good


def test_edit_that_does_not_compile_is_rejected(session: WarmSession) -> None:
    warm, cold = edit(MODULE, "return FACTOR", "return ("), edit(MODULE, "FACTOR = 3", "FACTOR = (")
    assert all(t.is_rejected for t in trials(session, [warm, cold], "test_constant"))


def test_edit_that_compiles_to_the_same_code_is_run_once(session: WarmSession) -> None:
    same = edit(MODULE, "return FACTOR", "return (FACTOR)")
    new = edit(MODULE, "return FACTOR", "return FACTOR + 1")
    again = edit(MODULE, "return FACTOR", "return (FACTOR + 1)")
    found = trials(session, [same, new, again], "test_constant")
    assert [trial.is_duplicate for trial in found] == [True, False, True]
    assert [bool(trial.turned_green) for trial in found] == [False, True, False]


def test_one_and_true_are_different_candidates(session: WarmSession) -> None:
    candidates = [
        edit(MODULE, "return FACTOR", f"return {value}") for value in ("1", "True", "1.0")
    ]
    assert not any(t.is_duplicate for t in trials(session, candidates, "test_constant"))


@pytest.mark.parametrize(
    "hang",
    [
        "while True: pass",
        "sum(itertools.repeat(0))",
        "time.sleep(3600)",
    ],
)
def test_candidate_that_hangs_is_ended_and_the_next_ones_are_judged(
    session: WarmSession, hang: str
) -> None:
    candidates = [
        edit(MODULE, "return FACTOR", "return 5"),
        edit(MODULE, "return FACTOR", f"{hang}\n    return FACTOR"),
        edit(MODULE, "return FACTOR", "return 4"),
    ]
    before, hanging, after = trials(session, candidates, "test_constant")
    assert not before.is_timed_out
    assert not hanging.turned_green
    assert after.turned_green


def test_candidate_that_ends_its_process_is_red_and_the_next_ones_are_judged(
    session: WarmSession,
) -> None:
    candidates = [
        edit(MODULE, "return FACTOR", "import os; os._exit(0)"),
        edit(MODULE, "return FACTOR", "raise SystemExit"),
        edit(MODULE, "return FACTOR", "import os; os.fork(); return 5"),
        edit(MODULE, "return FACTOR", "return 4"),
    ]
    found = trials(session, candidates, "test_constant")
    assert [bool(trial.turned_green) for trial in found] == [False, False, False, True]


def test_value_that_one_candidate_remembers_is_not_seen_by_the_next(session: WarmSession) -> None:
    candidates = [edit(MODULE, "key + 1", f"key + {number}") for number in (7, 8, 9, 2, 10)]
    found = trials(session, candidates, "test_remembered")
    assert [bool(trial.turned_green) for trial in found] == [False, False, False, True, False]


def test_trials_come_in_the_order_of_candidates_and_reading_may_stop_early(
    session: WarmSession,
) -> None:
    candidates = [edit(MODULE, "return FACTOR", f"return {n}") for n in range(100, 200)]
    running = session.evaluate(iter(candidates), focus="test_it.py::test_constant")
    assert [next(running).candidate for _ in range(3)] == candidates[:3]
    running.close()
    found = trials(session, candidates, "test_constant")
    assert [trial.candidate for trial in found] == candidates


def test_focus_that_is_green_already_is_refused(session: WarmSession) -> None:
    with pytest.raises(UnsteadyTestError, match="test_green"):
        trials(session, [], "test_green")


def test_test_that_was_not_collected_is_refused(session: WarmSession) -> None:
    with pytest.raises(UnknownTestError, match="test_of_yesterday"):
        trials(session, [], "test_of_yesterday")


def test_judging_a_candidate_costs_a_small_part_of_collecting_the_tests_anew(
    session: WarmSession,
) -> None:
    swapped = [edit(MODULE, "return FACTOR", f"return {n}") for n in range(100, 300)]
    imported = [edit(MODULE, "FACTOR = 3", f"FACTOR = {n}") for n in range(100, 105)]
    seconds = []
    for candidates in (swapped, imported):
        started = time.perf_counter()
        trials(session, candidates, "test_constant")
        seconds.append((time.perf_counter() - started) / len(candidates))
    assert seconds[0] < seconds[1] / 4
