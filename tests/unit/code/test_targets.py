"""Who tries what."""

from hypothesis import given
from hypothesis import strategies as st

from swarm_workers.coordination.records import Lead, Partial
from swarm_workers.problems.code.targets import (
    Choice,
    Exhausted,
    Idle,
    choose,
    in_order,
    lead_key,
    patience_end,
    siblings,
)

FILES = {"a.py": b"x = 1\n", "b.py": b"y = 2\n"}
PARTIAL = Partial(rank=10, gained=("t",), edits=(), operator="name", line=1)


def lines(**files: set[int]) -> dict[str, frozenset[int]]:
    return {f"{name}.py": frozenset(numbers) for name, numbers in files.items()}


def test_the_test_with_the_fewest_lines_is_searched_first():
    first, _ = in_order(["big", "small"], {"big": lines(a={1, 2, 3}, b={5}), "small": lines(a={9})})
    assert first == ["small", "big"]


def test_a_test_that_runs_through_the_lines_of_another_is_taken_for_the_same_bug():
    covered = {"narrow": lines(a={1, 2}), "wide": lines(a={1, 2, 3}), "other": lines(b={1})}
    assert in_order(["wide", "narrow", "other"], covered) == (["other", "narrow"], ["wide"])


def test_a_lead_survives_a_landing_in_files_that_its_test_does_not_run_through():
    before = lead_key("t", FILES, lines(a={1}))
    assert lead_key("t", {**FILES, "b.py": b"y = 3\n"}, lines(a={1})) == before
    assert lead_key("t", {**FILES, "a.py": b"x = 2\n"}, lines(a={1})) != before


def test_agents_spread_over_leads_before_they_share_one():
    leads = {"one": Lead(next=400, open=("a",)), "two": Lead(next=800)}
    assert choose(leads, "b") == Choice("two", is_partial_due=False)


def test_an_agent_waits_while_others_hold_all_that_is_left():
    assert choose({"one": Lead(next=5, total=5, open=("a",))}, "b") is Idle


def test_the_search_is_exhausted_when_all_was_tried_and_nobody_is_at_it():
    assert choose({"one": Lead(next=5, total=5, open=("b",))}, "b") is Exhausted
    assert choose({}, "b") is Exhausted


def test_a_partial_fix_is_due_only_after_patience_and_when_nobody_else_searches_for_a_whole_one():
    after = patience_end(PARTIAL.rank)
    assert choose({"t": Lead(next=after, partial=PARTIAL)}, "b") == Choice("t", is_partial_due=True)
    assert choose({"t": Lead(next=after, partial=PARTIAL, open=("a",))}, "b") is Idle
    assert choose({"t": Lead(next=20, partial=PARTIAL)}, "b") == Choice("t", is_partial_due=False)


def test_siblings_are_the_red_tests_that_run_through_an_edited_line():
    covered = {"t": lines(a={1, 2}), "u": lines(a={2}), "v": lines(b={2})}
    assert set(siblings(lines(a={2}), ["t", "u", "v"], covered)) == {"t", "u"}


@given(st.data())
def test_claims_and_returns_hand_out_every_candidate_and_none_twice(data):
    total = data.draw(st.integers(0, 60))
    lead, tried = Lead(), []
    for turn in range(500):
        if lead.is_exhausted:
            break
        agent = f"agent-{turn % 3}"
        lead, (start, stop) = lead.claimed(agent, data.draw(st.integers(1, 9)))
        available = min(stop, total) - start
        evaluated = data.draw(st.integers(0, max(0, available)))
        tried += range(start, start + evaluated)
        ended = evaluated == max(0, available) and stop > total
        lead = lead.closed(
            agent,
            untried=(start + evaluated, stop),
            total=start + evaluated if ended else None,
        )
    assert len(tried) == len(set(tried))
    if lead.is_exhausted:
        assert sorted(tried) == list(range(total))
