"""Slices of the search, on a space in memory."""

from dataclasses import replace

import pytest

from swarm_workers.coordination.records import Head, Partial
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.code import claims
from swarm_workers.problems.code.claims import Claims, Nothing, Slice
from swarm_workers.stm import Stm

TIERS = [{"t": "key-t"}, {"u": "key-u"}]
PARTIAL = Partial(rank=0, gained=("t",), edits=(("a.py", 0, 1, "y"),), operator="name", line=1)


@pytest.fixture
def shared():
    shared = SharedState(Stm.in_memory("s-1"))
    shared.stm.atomically(shared.head.set, Head("main", 0, 1, 5, 1))
    return shared


def close(of: Claims, taken: Slice, **changes):
    told = {"evaluated": 0, "total": None, "partial": None, "operations_spent": 0, "candidates": 0}
    of.close(taken, **{**told, **changes})


def agent(shared, name, *, has_budget=False) -> Claims:
    return Claims(shared, name, has_budget=has_budget)


def test_two_agents_get_consecutive_slices_of_one_lead(shared):
    first = agent(shared, "a").claim(TIERS[:1], 10, 0)
    second = agent(shared, "b").claim(TIERS[:1], 10, 0)
    assert (first.start, first.stop, second.start, second.stop) == (0, 10, 10, 20)


def test_a_later_tier_is_searched_when_the_earlier_is_exhausted(shared):
    one = agent(shared, "a")
    close(one, one.claim(TIERS, 10, 0), evaluated=4, total=4)
    assert one.claim(TIERS, 10, 0).test == "u"


def test_what_a_dead_process_of_an_agent_left_open_is_tried_again(shared):
    agent(shared, "a").claim(TIERS, 10, 0)
    again = agent(shared, "a").claim(TIERS, 10, 0)
    assert (again.start, again.stop) == (0, 10)


def test_the_part_of_a_slice_that_was_not_tried_goes_to_the_next_claim(shared):
    one = agent(shared, "a")
    close(one, one.claim(TIERS, 10, 0), evaluated=3)
    again = agent(shared, "b").claim(TIERS, 10, 0)
    assert (again.start, again.stop) == (3, 10)


def test_nothing_is_claimed_on_a_head_that_moved(shared):
    shared.stm.atomically(shared.head.set, Head("main", 1, 1, 6, 0))
    assert agent(shared, "a").claim(TIERS, 10, 0) == Nothing("landing 1 moved the head")


def test_the_search_is_exhausted_when_every_lead_is(shared):
    one = agent(shared, "a")
    for _ in TIERS:
        close(one, one.claim(TIERS, 10, 0), evaluated=2, total=2)
    assert one.claim(TIERS, 10, 0).is_exhausted


def test_an_agent_that_has_to_wait_gives_up_after_a_while_without_ending_the_swarm(
    shared, monkeypatch
):
    monkeypatch.setattr(claims, "IDLE_SECONDS_MAX", 0.05)
    one = agent(shared, "a")
    close(one, one.claim(TIERS[:1], 10, 0), evaluated=10, total=None)
    holder = agent(shared, "b")
    held = holder.claim(TIERS[:1], 10, 0)
    lead = shared.lead("key-t")
    shared.stm.atomically(lambda: lead.set(replace(lead.get(), total=20)))
    assert held.stop == 20
    assert one.claim(TIERS[:1], 10, 0) == Nothing("other agents hold all that is left to try")


def test_a_partial_fix_is_kept_for_whoever_finds_patience_over(shared):
    one = agent(shared, "a")
    close(one, one.claim(TIERS[:1], 300, 0), evaluated=300, partial=PARTIAL)
    due = agent(shared, "b").claim(TIERS[:1], 10, 0)
    assert due.is_partial_due
    assert due.partial == PARTIAL


def test_edits_are_taken_from_the_budget_and_what_was_not_spent_comes_back(shared):
    shared.stm.atomically(shared.operations.add, 12)
    one = agent(shared, "a", has_budget=True)
    taken = one.claim(TIERS[:1], 10, 0)
    assert shared.stm.atomically(shared.operations.value) == 2
    close(one, taken, evaluated=4, operations_spent=4)
    assert shared.stm.atomically(shared.operations.value) == 8


def test_a_spent_budget_ends_the_search(shared):
    one = agent(shared, "a", has_budget=True)
    taken = one.claim(TIERS, 10, 0)
    assert taken == Nothing("the budget of operations is spent", is_exhausted=True)
