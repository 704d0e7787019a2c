"""What code is going to read, by what it has read."""

from functools import partial

from swarm_workers.stm import Stm
from swarm_workers.stm.kernel.foresight import QUIET_RUNS, Site, Sites, call_of
from swarm_workers.stm.questions import Query

LEFT, RIGHT = Query("GET", "left"), Query("GET", "right")


def test_what_was_asked_once_is_foretold() -> None:
    site = Site("f")
    assert site.foretell(()) == ()
    site.learn((), [LEFT, RIGHT])
    assert site.foretell(()) == (LEFT, RIGHT)


def test_a_variable_that_is_handed_over_is_foretold_by_its_place() -> None:
    site = Site("move")
    site.learn(("left", "right"), [LEFT, RIGHT])
    assert site.foretell(("up", "down")) == (Query("GET", "up"), Query("GET", "down"))
    assert site.foretell(("up",)) == (Query("GET", "up"),)


def test_what_was_foretold_in_vain_has_to_be_asked_three_times() -> None:
    site = Site("f")
    site.learn((), [LEFT])
    site.learn((), [])
    for _ in range(3):
        assert LEFT not in site.foretell(())
        site.learn((), [LEFT])
    assert site.foretell(()) == (LEFT,)


def test_code_that_asks_for_something_new_each_time_is_not_believed_for_long() -> None:
    site = Site("claim")
    for turn in range(20):
        site.learn((), [LEFT, Query("GET", f"turn/{turn}")])
    assert site.foretell(()) == (LEFT,)


def test_code_that_keeps_reading_is_expected_to_read() -> None:
    site = Site("f")
    assert site.may_write
    for _ in range(QUIET_RUNS):
        site.note_writes(has_written=False)
    assert not site.may_write
    site.note_writes(has_written=True)
    assert site.may_write


def test_a_call_is_known_by_its_code_and_by_the_variables_it_is_given() -> None:
    stm = Stm.in_memory("foresight")
    left, right = stm.var("left", int, default=0), stm.counter("right")

    def move(source: object, amount: int) -> None:
        del source, amount
        right.add(1)

    call = call_of(partial(move, left), (5,))
    assert call.code is move.__code__
    assert call.handles == (left.key, right.key)
    assert call_of(left.set, (1,)).handles == (left.key,)


def test_a_repetition_is_smooth_and_at_once() -> None:
    sites, call = Sites(), call_of(len, ())
    for now in (1.0, 1.01, 1.02):
        assert not sites.is_repeating(call)
        sites.note_end(call, now, is_smooth=True)
    assert sites.is_repeating(call)
    sites.note_end(call, 1.03, is_smooth=False)
    assert not sites.is_repeating(call)


def test_the_calls_of_others_in_between_do_not_end_a_repetition() -> None:
    sites = Sites()
    mine, theirs = call_of(len, (), "me"), call_of(lambda: None, (), "them")
    for now in (1.0, 1.01, 1.02):
        sites.note_end(mine, now, is_smooth=True)
        sites.note_end(theirs, now, is_smooth=False)
    assert sites.is_repeating(mine)
    assert not sites.is_repeating(theirs)


def test_tasks_of_one_call_each_go_on_where_others_left_off() -> None:
    sites = Sites()
    for now, caller in enumerate("aba"):
        sites.note_end(call_of(len, (), caller), 1 + now / 100, is_smooth=True)
    assert sites.is_repeating(call_of(len, (), "b"))
