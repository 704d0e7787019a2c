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
    shared.stm.atomically(shared.begin, 0)
    return shared


def left_over(shared) -> int:
    return shared.stm.atomically(shared.operations.value)


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


def test_a_budget_is_not_spent_while_another_agent_may_give_back_what_it_took(shared, monkeypatch):
    monkeypatch.setattr(claims, "IDLE_SECONDS_MAX", 0.05)
    shared.stm.atomically(shared.operations.add, 10)
    holder, other = agent(shared, "a", has_budget=True), agent(shared, "b", has_budget=True)
    held = holder.claim(TIERS, 10, 0)
    assert not other.claim(TIERS, 10, 0).is_exhausted
    close(holder, held, evaluated=4, operations_spent=4)
    assert other.claim(TIERS, 10, 0).stop == 10
    assert left_over(shared) == 0


def test_alone_agents_too_wait_for_the_budget_that_others_hold(shared, monkeypatch):
    monkeypatch.setattr(claims, "IDLE_SECONDS_MAX", 0.05)
    parts = {name: SharedState(shared.stm, f"{name}/") for name in "ab"}
    shared.stm.atomically(shared.operations.add, 10)
    Claims(parts["a"], "a", has_budget=True).claim(TIERS, 10, 0)
    answer = Claims(parts["b"], "b", has_budget=True).claim(TIERS, 10, 0)
    assert not answer.is_exhausted


def test_what_a_dead_process_held_of_the_budget_is_refunded_when_its_slice_is_given_back(shared):
    shared.stm.atomically(shared.operations.add, 10)
    agent(shared, "a", has_budget=True).claim(TIERS, 10, 0)
    again = agent(shared, "a", has_budget=True).claim(TIERS, 10, 0)
    assert (again.start, again.stop) == (0, 10)
    assert left_over(shared) == 0


def test_the_search_goes_on_while_another_agent_lands_what_it_found_on_an_older_head(
    shared, monkeypatch
):
    monkeypatch.setattr(claims, "IDLE_SECONDS_MAX", 0.05)
    agent(shared, "lands").claim([{"t": "key-of-older-head"}], 10, 0)
    one = agent(shared, "a")
    close(one, one.claim(TIERS[:1], 10, 0), evaluated=2, total=2)
    assert not one.claim(TIERS[:1], 10, 0).is_exhausted


def test_nothing_is_claimed_in_a_space_that_redis_lost():
    empty = SharedState(Stm.in_memory("s-1"))
    assert not agent(empty, "a", has_budget=True).claim(TIERS, 10, 0).is_exhausted


def test_a_slice_that_was_given_back_by_another_process_is_not_closed_twice(shared):
    shared.stm.atomically(shared.operations.add, 20)
    stalled = agent(shared, "a", has_budget=True)
    taken = stalled.claim(TIERS[:1], 10, 0)
    successor = agent(shared, "a", has_budget=True)
    close(successor, successor.claim(TIERS[:1], 10, 0), evaluated=10, operations_spent=10)
    before = shared.stm.atomically(shared.lead("key-t").get)
    close(stalled, taken, evaluated=3, operations_spent=3)
    assert shared.stm.atomically(shared.lead("key-t").get) == before
    assert left_over(shared) == 10


def test_a_partial_fix_survives_an_agent_that_began_before_it_was_found(shared):
    early, finder = agent(shared, "a"), agent(shared, "b")
    first, second = early.claim(TIERS[:1], 10, 0), finder.claim(TIERS[:1], 10, 0)
    close(finder, second, evaluated=10, partial=PARTIAL)
    close(early, first, evaluated=10, partial=None)
    assert shared.stm.atomically(shared.lead("key-t").get).partial == PARTIAL


def test_a_partial_fix_that_was_landed_or_refused_is_cleared(shared):
    one = agent(shared, "a")
    close(one, one.claim(TIERS[:1], 300, 0), evaluated=300, partial=PARTIAL)
    close(one, one.claim(TIERS[:1], 10, 0))
    assert shared.stm.atomically(shared.lead("key-t").get).partial is None


def test_an_agent_that_had_resigned_is_back_with_its_next_slice(shared):
    shared.stm.atomically(shared.resigned.add, "a")
    agent(shared, "a").claim(TIERS, 10, 0)
    assert shared.stm.atomically(shared.resigned.members) == frozenset()


def test_what_is_exhausted_is_searched_again_under_other_keys_before_the_search_is_over(shared):
    one = agent(shared, "a")
    close(one, one.claim(TIERS[:1], 10, 0), evaluated=2, total=2)
    again = [{"t": "key-t@1"}]
    second = one.claim(TIERS[:1], 10, 0, again=again)
    assert (second.lead_key, second.start) == ("key-t@1", 0)
    close(one, second, evaluated=2, total=2)
    assert one.claim(TIERS[:1], 10, 0, again=again).is_exhausted
