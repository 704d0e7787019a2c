"""A history made by hand for each anomaly: it is found, named, and explained."""

import pytest

from tests.support.elle.checker import check
from tests.support.elle.history import (
    Append,
    Contains,
    Count,
    MalformedHistoryError,
    Members,
    Operation,
    Outcome,
    Read,
    Transaction,
)
from tests.support.elle.report import Anomaly, Report

UNKNOWN = Outcome.UNKNOWN
ABORTED = Outcome.ABORTED


def read(key: str, *values: int) -> Read:
    return Read(key, values)


def members(key: str, *values: int) -> Members:
    return Members(key, frozenset(values))


def there(key: str, value: int) -> Contains:
    return Contains(key, value, is_there=True)


def absent(key: str, value: int) -> Contains:
    return Contains(key, value, is_there=False)


def at_once(*operations: Operation, outcome: Outcome = Outcome.COMMITTED) -> Transaction:
    """Return a transaction of a client of its own, concurrent with all others."""
    completed_at = None if outcome is UNKNOWN else 100
    return Transaction(f"p{id(operations)}", operations, outcome, 0, completed_at)


def between(begin: int, end: int, *operations: Operation) -> Transaction:
    return Transaction(f"p{begin}", operations, Outcome.COMMITTED, begin, end)


def names(*history: Transaction) -> set[str]:
    return {str(each) for each in check(history).count()}


def test_a_serial_history_has_none() -> None:
    report = check([
        between(0, 1, read("x"), Append("x", 1), read("x", 1)),
        between(2, 3, Append("x", 2), Append("y", 1)),
        between(4, 5, read("x", 1, 2), members("y", 1), Count("x", 2), absent("y", 2)),
    ])  # fmt: skip
    assert report.is_clean, str(report)
    assert report.committed == 3
    assert "3 transactions, 3 committed" in str(report)
    assert "anomalies: none" in str(report)


def test_g0_is_writes_that_interleave() -> None:
    one = at_once(Append("x", 1), Append("y", 1))
    other = at_once(Append("x", 2), Append("y", 2))
    assert "G0" in names(one, other, at_once(read("x", 1, 2)), at_once(read("y", 2, 1)))


def test_g1a_is_a_read_of_an_aborted_write() -> None:
    aborted = at_once(Append("x", 1), outcome=ABORTED)
    assert names(aborted, at_once(read("x", 1))) == {"G1a"}
    assert names(aborted, at_once(members("x", 1))) == {"G1a"}
    assert names(aborted, at_once(there("x", 1))) == {"G1a"}


def test_g1b_is_a_read_of_a_part_of_a_transaction() -> None:
    writer, whole = at_once(Append("x", 1), Append("x", 2)), at_once(read("x", 1, 2))
    assert "G1b" in names(writer, at_once(read("x", 1)), whole)
    both = at_once(members("x", 1, 2))
    assert "G1b" in names(writer, at_once(members("x", 1)), both)


def test_g1c_is_information_in_a_circle() -> None:
    one = at_once(Append("x", 1), read("y", 1))
    other = at_once(Append("y", 1), read("x", 1))
    assert names(one, other) == {"G1c"}


def test_g_single_is_a_lost_update() -> None:
    one, other = at_once(read("x"), Append("x", 1)), at_once(read("x"), Append("x", 2))
    assert names(one, other, at_once(read("x", 1, 2))) == {"G-single"}


def test_g_single_is_read_skew() -> None:
    mover = at_once(Append("x", 1), Append("y", 1))
    assert names(mover, at_once(read("x", 1), read("y"))) == {"G-single"}
    assert names(mover, at_once(members("x", 1), Count("y", 0)), at_once(read("y", 1))) == {
        "G-single"
    }
    assert names(mover, at_once(there("x", 1), absent("y", 1))) == {"G-single"}


def test_g2_is_write_skew() -> None:
    one, other = at_once(read("x"), Append("y", 1)), at_once(read("y"), Append("x", 1))
    last = at_once(read("x", 1), read("y", 1))
    assert names(one, other, last) == {"G2"}


def test_g2_is_a_long_fork_between_members() -> None:
    history = (
        at_once(Append("x", 1)),
        at_once(Append("y", 1)),
        at_once(members("x", 1), members("y")),
        at_once(members("x"), members("y", 1)),
        at_once(members("x", 1), members("y", 1)),
    )
    assert names(*history) == {"G2"}


def test_appends_to_a_set_are_ordered_by_those_who_saw_them_alone() -> None:
    one, other = at_once(Append("x", 1), Append("y", 1)), at_once(Append("x", 2), Append("y", 2))
    sights = at_once(members("x", 1)), at_once(members("y", 2))
    assert names(one, other, *sights, at_once(members("x", 1, 2), members("y", 1, 2))) == {"G2"}


def test_g2_is_found_between_counts_that_nobody_can_place_exactly() -> None:
    pair = at_once(Append("x", 1), Append("x", 2))
    late = at_once(Append("x", 3), Append("y", 1))
    sees_late_only = at_once(Count("x", 1), members("y", 1))
    last = at_once(members("x", 1, 2, 3), members("y", 1))
    assert names(pair, late, sees_late_only, last) == set(), "1 of 3 in no known order"
    saw_pair = at_once(members("x", 1, 2), members("y"))
    assert names(pair, late, saw_pair, sees_late_only, last) == {"G-single"}


def test_process_is_a_client_that_forgets_what_it_saw() -> None:
    def of_one_client(*operations: Operation, begin: int) -> Transaction:
        return Transaction("p", operations, Outcome.COMMITTED, begin, 9)

    history = (
        at_once(Append("x", 1)),
        of_one_client(read("x", 1), begin=1),
        of_one_client(read("x"), begin=2),
    )
    assert names(*history) == {"process"}


def test_realtime_is_a_read_of_the_past() -> None:
    written, seen = between(0, 1, Append("x", 1)), between(4, 6, read("x", 1))
    assert names(written, between(2, 3, read("x")), seen) == {"realtime"}
    assert names(between(0, 3, Append("x", 1)), between(2, 4, read("x")), seen) == set()


def test_realtime_holds_across_many_transactions_in_between() -> None:
    idle = [between(2 + 2 * i, 3 + 2 * i, read("z")) for i in range(500)]
    stale, fresh = between(2000, 2001, read("x")), between(2002, 2003, read("x", 1))
    report = check([between(0, 1, Append("x", 1)), *idle, stale, fresh])
    assert set(report.count()) == {Anomaly.REALTIME}
    (finding,) = report.findings
    assert set(finding.transactions) == {0, 501}, "the moments in between are no transactions"


def test_what_is_over_at_the_instant_of_a_beginning_is_not_before_it() -> None:
    writer, reader = between(0, 5, Append("x", 1)), between(5, 6, read("x"))
    assert names(writer, reader, between(5, 7, read("x", 1))) == set()
    assert names(writer, reader) == set()


def test_duplicate_is_an_append_that_took_effect_twice() -> None:
    assert "duplicate" in names(at_once(Append("x", 1)), at_once(read("x", 1, 1)))


def test_garbage_is_what_nobody_wrote() -> None:
    assert names(at_once(read("x", 7))) == {"garbage"}
    assert names(at_once(members("x", 7))) == {"garbage"}
    assert names(at_once(there("x", 7))) == {"garbage"}
    assert names(at_once(Append("x", 1)), at_once(Count("x", 2))) == {"garbage"}


def test_lost_append_is_missing_from_a_later_read() -> None:
    assert names(between(0, 1, Append("x", 1)), between(2, 3, read("x"))) == {"lost append"}
    assert names(between(0, 1, Append("x", 1)), between(2, 3, members("x"))) == {"lost append"}
    early = between(0, 3, Append("x", 1)), between(2, 4, read("x"))
    assert names(*early) == set(), "it may still come"


def test_incompatible_order_is_two_reads_that_do_not_continue_each_other() -> None:
    writers = at_once(Append("x", 1)), at_once(Append("x", 2))
    assert names(*writers, at_once(read("x", 1, 2)), at_once(read("x", 2))) == {
        "incompatible order"
    }
    assert names(*writers, at_once(members("x", 1)), at_once(members("x", 2))) == {
        "incompatible order"
    }
    assert names(*writers, at_once(read("x", 1, 2)), at_once(members("x", 2))) == {
        "incompatible order"
    }
    pairs = at_once(Append("x", 1), Append("x", 2)), at_once(Append("x", 3), Append("x", 4))
    torn = at_once(members("x", 1, 2)), at_once(members("x", 1, 3, 4))
    assert "incompatible order" in names(*pairs, *torn, at_once(members("x", 1, 2, 3, 4)))


@pytest.mark.parametrize(
    "operations",
    [
        (Append("x", 1), read("x")),
        (read("x"), Append("x", 1), read("x")),
        (read("x"), read("x", 2)),
        (read("x", 2), Count("x", 2)),
        (read("x", 2), members("x")),
        (members("x", 2), read("x")),
        (members("x"), there("x", 2)),
        (there("x", 2), members("x")),
        (there("x", 2), absent("x", 2)),
        (Append("x", 1), absent("x", 1)),
        (Append("x", 1), Count("x", 0)),
        (Append("x", 1), members("x", 2)),
        (Count("x", 1), Count("x", 0)),
        (read("x", 2, 1), Append("x", 1)),
        (members("x", 1, 2), Append("x", 1)),
        (there("x", 1), Append("x", 1)),
    ],
    ids=lambda operations: ", ".join(str(each) for each in operations),
)
def test_internal_is_a_transaction_that_contradicts_itself(
    operations: tuple[Operation, ...],
) -> None:
    assert "internal" in names(at_once(Append("x", 2)), at_once(*operations))


def test_own_appends_are_taken_off_what_was_seen() -> None:
    first = between(0, 1, Append("x", 2))
    own = between(2, 3, Count("x", 1), Append("x", 1), read("x", 2, 1), members("x", 1, 2),
                  Count("x", 2), there("x", 1), there("x", 2))  # fmt: skip
    assert names(first, own) == set()


def test_an_unknown_outcome_is_settled_by_who_saw_it() -> None:
    report = _with_unknown(at_once(read("x", 1), read("y", 1), read("z")))
    assert report.is_clean, str(report)
    assert (report.found_committed, report.found_absent, report.unresolved) == ((0,), (1,), ())


def test_an_unknown_outcome_of_which_no_read_tells_is_unresolved() -> None:
    report = _with_unknown(at_once(read("x", 1)))
    assert not report.is_clean
    assert (report.found_committed, report.unresolved) == ((0,), (1,))


def test_a_read_from_before_tells_nothing_of_an_unknown_outcome() -> None:
    killed = Transaction("killed", (Append("x", 1),), UNKNOWN, 5, None)
    assert check([between(3, 9, read("x")), killed]).unresolved == (1,)
    assert check([between(6, 9, read("x")), killed]).found_absent == (1,)


def test_a_count_may_include_what_is_unknown() -> None:
    killed = at_once(Append("x", 1), outcome=UNKNOWN)
    assert names(killed, at_once(Count("x", 1))) == set()
    assert names(killed, at_once(Count("x", 2))) == {"garbage"}


def test_nothing_follows_from_what_a_client_did_after_an_unknown_outcome() -> None:
    killed = Transaction("p", (Append("x", 1),), UNKNOWN, 0, None)
    later = Transaction("p", (read("x"),), Outcome.COMMITTED, 1, 2)
    assert names(killed, later, between(3, 4, read("x", 1))) == set()


def test_half_of_an_unknown_transaction_is_an_anomaly() -> None:
    assert set(_with_unknown(at_once(read("x", 1), read("y"))).count()) == {Anomaly.G_SINGLE}


def test_a_finding_tells_its_story() -> None:
    one, other = at_once(read("x"), Append("x", 1)), at_once(read("x"), Append("x", 2))
    text = str(check([one, other, at_once(read("x", 1, 2))]))
    assert "G-single:" in text
    assert "T0 (process" in text
    assert "read x = [], append 1 to x" in text
    assert "- rw: T1 did not see 1 in x, which T0 appended" in text
    assert "- ww: T1 appended 2 to x next after T0" in text


def test_the_same_value_twice_proves_nothing_and_is_refused() -> None:
    with pytest.raises(MalformedHistoryError, match="T0 and T1 both append 1 to x"):
        check([at_once(Append("x", 1)), at_once(Append("x", 1))])


def _with_unknown(*others: Transaction) -> Report:
    def ended(*operations: Operation) -> Transaction:
        return Transaction(f"killed {operations[0]}", operations, UNKNOWN, -1, None)

    return check([ended(Append("x", 1), Append("y", 1)), ended(Append("z", 5)), *others])
