"""Slices of one ranked list."""

from types import SimpleNamespace

from swarm_workers.agents.search.strategy import SearchAgent
from swarm_workers.protocols import Turn

TURN = Turn("s-1", "search-0000", 0, seed=1, seconds_max=10)
TEXT = "LIMIT = 10\n\n\ndef is_small(n):\n    return n <= LIMIT\n"


def view(covered: dict[str, frozenset[int]], start: int = 0, stop: int = 10_000):
    return SimpleNamespace(
        branch="b", landing=0, sources={"a.py": TEXT}, green=(), target="t", seed=0,
        start=start, stop=stop, covered=lambda _test: covered,
    )  # fmt: skip


def lines_of(candidates) -> set[int]:
    return {candidate.line for candidate in candidates}


def test_slices_of_two_turns_make_up_the_list_without_overlap():
    agent, ran = SearchAgent(), {"a.py": frozenset({5})}
    whole = list(agent.propose(view(ran), TURN))
    halves = [list(agent.propose(view(ran, *cut), TURN)) for cut in ((0, 20), (20, 10_000))]
    assert halves[0] + halves[1] == whole
    assert len(halves[0]) == 20


def test_nothing_is_proposed_without_a_target():
    nothing = view({})
    nothing.target = None
    assert list(SearchAgent().propose(nothing, TURN)) == []


def test_a_test_that_runs_no_line_makes_what_runs_on_import_suspicious():
    found = list(SearchAgent().propose(view({}), TURN))
    assert lines_of(found) == {1}
    assert any(candidate.edits[0].text == "9" for candidate in found)
