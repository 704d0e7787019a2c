"""Which claims of a turn are granted."""

from swarm_workers.attempt.lifecycle import Claim, Verdict, judge, leased
from swarm_workers.coordination.records import TurnRecord

NOW = 1_000.0


def claim(turn: int = 3, holder: str = "host/2/2") -> Claim:
    return Claim(turn=turn, holder=holder, now=NOW, lease_seconds=60, deliveries_max=3)


def held(**changes: object) -> TurnRecord:
    fields = {"turn": 3, "holder": "host/1/1", "until": NOW + 10, "deliveries": 1, "is_done": False}
    return TurnRecord(**{**fields, **changes})


def test_a_turn_that_nobody_claimed_is_granted():
    assert judge(TurnRecord(), claim(0), is_holder_dead=False) is Verdict.RUN


def test_a_turn_that_is_done_is_dropped():
    assert judge(held(is_done=True), claim(), is_holder_dead=True) is Verdict.DROP


def test_a_turn_older_than_the_latest_is_dropped():
    assert judge(held(is_done=True), claim(2), is_holder_dead=False) is Verdict.DROP


def test_a_turn_whose_holder_works_is_dropped():
    assert judge(held(), claim(), is_holder_dead=False) is Verdict.DROP


def test_a_turn_whose_holder_is_known_to_be_dead_is_granted_before_the_lease_lapses():
    assert judge(held(), claim(), is_holder_dead=True) is Verdict.RUN


def test_a_lease_that_lapsed_is_granted_again():
    assert judge(held(until=NOW), claim(), is_holder_dead=False) is Verdict.RUN


def test_a_turn_on_which_three_processes_died_is_dead():
    assert judge(held(until=NOW, deliveries=3), claim(), is_holder_dead=False) is Verdict.DEAD


def test_a_repeated_turn_keeps_the_slice_it_claimed_and_counts_the_delivery():
    record = leased(held(slice=("key", 0, 400)), claim())
    assert record.slice == ("key", 0, 400)
    assert record.deliveries == 2
    assert record.until == NOW + 60


def test_a_new_turn_keeps_a_slice_that_a_crash_left_open_so_that_it_can_be_given_back():
    record = leased(held(is_done=True, slice=("key", 0, 400)), claim(4))
    assert record.slice == ("key", 0, 400)
    assert record.deliveries == 1
