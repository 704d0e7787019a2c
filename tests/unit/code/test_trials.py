"""From trials of candidates to the one worth landing."""

import pytest

from swarm_workers.problems.code.functions import enclosing_function
from swarm_workers.problems.code.trials import (
    SUSPECTS,
    Tally,
    describe,
    scopes_of,
    tally_trials,
    without_suspects,
)
from swarm_workers.problems.code.view import CodeView
from swarm_workers.problems.code.warm import Survey, Trial
from swarm_workers.protocols import Edit, EditCandidate
from swarm_workers.sandbox.errors import SandboxBrokenError

TEXT = """\
def low(items):
    best = items[0]
    for x in items:
        best = x
    return items
"""
BOTH = {"t": {"a.py": frozenset({2, 3, 5})}, "u": {"a.py": frozenset({2, 3, 4, 5})}}


def view(**changes) -> CodeView:
    fields = {
        "branch": "b", "landing": 0, "sources": {"a.py": TEXT}, "scope": None,
        "survey": Survey({}, BOTH, {}), "red": ("t", "u"), "flaky": frozenset(),
        "unsteady": frozenset(), "unseen": frozenset(), "seed": 0,
        "target": "u", "start": 0, "stop": 400,
    }  # fmt: skip
    return CodeView(**{**fields, **changes})


def trial(*green: str, red: tuple[str, ...] = (), at: str = "best = x", **flags) -> Trial:
    start = TEXT.index(at)
    candidate = EditCandidate((Edit("a.py", start, start + 4, "worst"),), "variable", 4)
    told = {"is_rejected": False, "is_duplicate": False, "is_timed_out": False, "seconds": 0.0}
    return Trial(candidate, frozenset(green), frozenset(red), **{**told, **flags})


def never() -> bool:
    return False


def test_a_candidate_that_mends_every_red_test_of_its_function_ends_the_search():
    tally = tally_trials(view(), [trial(), trial("t", "u"), trial()], never)
    assert tally.whole is not None
    assert tally.evaluated == 2


def test_a_candidate_on_a_line_that_only_one_of_the_red_tests_runs_is_still_only_partial():
    tally = tally_trials(view(), [trial("u"), trial()], never)
    assert tally.whole is None
    assert tally.best.gained == ("u",)
    assert tally.is_list_ended


def test_a_candidate_that_turns_a_green_test_red_is_nothing():
    tally = tally_trials(view(), [trial("t", "u", red=("v",))], never)
    assert tally.whole is None
    assert tally.best is None


def test_the_search_goes_on_after_a_partial_fix_for_as_long_again_and_no_longer():
    tally = tally_trials(view(stop=1000), [trial("u"), *[trial()] * 900], never)
    assert tally.evaluated == 200
    assert not tally.is_list_ended


def test_candidates_that_were_not_run_cost_nothing():
    trials = [trial(is_rejected=True), trial(is_duplicate=True), trial()]
    tally = tally_trials(view(), trials, never)
    assert (tally.evaluated, tally.candidates, tally.operations_spent) == (3, 1, 1)


def test_a_stop_ends_the_slice_where_it_is():
    tally = tally_trials(view(), [trial()] * 5, lambda: True)
    assert tally.evaluated == 1
    assert not tally.is_list_ended


def test_the_winner_is_described_by_place_change_and_effect():
    tally = tally_trials(view(), [trial("t", "u")], never)
    expected = "variable at a.py:4: `best` became `worst`; it turns 't' and 1 more green"
    assert describe(view(), tally) == expected


def test_the_innermost_function_counts_and_outside_of_any_the_lines_themselves():
    text = "x = 1\ndef f():\n    def g():\n        return 1\n    return g\n"
    assert enclosing_function(text, 4, 4) == {3, 4}
    assert enclosing_function(text, 5, 5) == {2, 3, 4, 5}
    assert enclosing_function(text, 1, 1) == {1}
    assert enclosing_function("def f(:", 1, 1) == {1}


def breaking(judged: int):
    yield from [trial()] * judged
    raise SandboxBrokenError("killed")


def test_what_was_judged_before_the_sandbox_broke_counts_as_tried():
    tally = Tally()
    with pytest.raises(SandboxBrokenError):
        tally_trials(view(), breaking(32), never, tally)
    assert without_suspects(view(), tally).evaluated == tally.operations_spent == 32


def test_candidates_that_break_the_sandbox_at_the_beginning_of_a_slice_are_not_tried_for_ever():
    tally = without_suspects(view(), Tally())
    assert tally.evaluated == tally.operations_spent == SUSPECTS
    assert without_suspects(view(start=10, stop=13), Tally()).evaluated == 3


def test_what_is_left_is_said_by_kind():
    assert view().leftover == "2 tests stay red"
    odd = view(red=(), unseen=frozenset({"x"}), unsteady=frozenset({"y"}))
    assert odd.leftover == (
        "red, but not to be run on their own, are 'x'; green in one run and red in another are 'y'"
    )
    assert view(red=()).leftover == "no test is red, yet the command does not exit with 0"


METHODS = "x = 1\nclass A:\n    def f(self):\n        return 1\n    y = 2\n"


@pytest.mark.parametrize(
    ("at", "scope"),
    [("x = 1", "pkg.a"), ("return 1", "pkg.a.A.f"), ("y = 2", "pkg.a.A")],
)
def test_a_change_is_in_the_innermost_definition_around_it(at, scope):
    edits = (Edit("src/pkg/a.py", METHODS.index(at), METHODS.index(at) + 1, "z"),)
    seen = view(sources={"src/pkg/a.py": METHODS})
    assert scopes_of(seen, EditCandidate(edits, "variable", 1)) == (scope,)


def test_a_change_of_a_file_that_does_not_parse_is_in_its_module():
    seen = view(sources={"a.py": "def f(:\n"})
    assert scopes_of(seen, EditCandidate((Edit("a.py", 0, 1, "z"),), "variable", 1)) == ("a",)
