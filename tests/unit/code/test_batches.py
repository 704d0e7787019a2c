"""Which changes are tested together."""

import uuid

from swarm_workers.problems.code.batches import (
    BATCH_MAX,
    Queued,
    choose,
    halves,
    idle,
    is_too_late,
)
from swarm_workers.source.values import Change

NONE: frozenset[str] = frozenset()


def queued(*gained: str) -> Queued:
    return Queued(Change(0, (), "a", uuid.uuid4()), frozenset(gained), NONE)


def red(*tests: str) -> frozenset[str]:
    return frozenset(tests)


def test_changes_that_cure_different_tests_go_together():
    waiting = [queued("a"), queued("b"), queued("c", "a")]
    assert choose(waiting, red("a", "b", "c")) == waiting


def test_a_second_cure_for_one_test_waits_for_the_next_batch():
    first, second, other = queued("a"), queued("a"), queued("b")
    assert choose([first, second, other], red("a", "b")) == [first, other]


def test_a_change_of_which_nothing_is_known_is_tested_alone():
    unknown, known = queued(), queued("a")
    assert choose([unknown, known], red("a")) == [unknown]
    assert choose([known, unknown], red("a")) == [known]


def test_the_longest_waiting_is_always_among_them_and_a_batch_is_bounded():
    names = [f"t{number}" for number in range(20)]
    waiting = [queued("gone"), *(queued(name) for name in names)]
    chosen = choose(waiting, frozenset(names))
    assert chosen == waiting[:BATCH_MAX]
    assert choose([], red("a")) == []


def test_halving_ends_at_each_change_alone():
    batch = [queued(str(number)) for number in range(7)]
    parts, alone = [batch], []
    while parts:
        part = parts.pop()
        if len(part) == 1:
            alone += part
        else:
            parts += reversed(halves(part))
    assert alone == batch


def test_a_change_whose_tests_are_all_green_by_now_is_too_late():
    assert is_too_late(queued("a"), red("b"))
    assert not is_too_late(queued("a", "b"), red("b"))
    assert not is_too_late(queued(), red("b")), "what it does is not known"
    assert not is_too_late(queued("a"), NONE), "a run tells whether the command succeeds"


def test_changes_that_turned_nothing_green_are_found():
    good, bad = queued("a"), queued("b")
    assert idle([good, bad, queued()], red("a")) == [bad]
