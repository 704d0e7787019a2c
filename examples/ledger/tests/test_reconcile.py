from datetime import date

import pytest

from ledger.reconcile import StatementLine, days_apart, is_match, reconcile
from ledger.register import Entry


def line(day, cents):
    return StatementLine(date(2024, 1, day), "card payment", cents)


def entry(day, cents):
    return Entry(date(2024, 1, day), "shop", cents, 0)


def test_days_apart_do_not_depend_on_who_is_first():
    assert days_apart(line(5, 1), entry(9, 1)) == 4
    assert days_apart(line(9, 1), entry(5, 1)) == 4


@pytest.mark.parametrize("day", [7, 8, 10, 13])
def test_the_same_amount_within_the_tolerance_is_a_match(day):
    assert is_match(line(10, -500), entry(day, -500), tolerance_days=3)


def test_another_amount_is_no_match_even_on_the_same_day():
    assert not is_match(line(10, -500), entry(10, -501), tolerance_days=3)
    assert not is_match(line(10, -500), entry(10, 500), tolerance_days=3)


def test_the_same_amount_too_long_before_or_after_is_no_match():
    assert not is_match(line(10, -500), entry(6, -500), tolerance_days=3)
    assert not is_match(line(10, -500), entry(14, -500), tolerance_days=3)


def test_what_has_no_partner_is_left_on_its_side():
    result = reconcile([line(3, -100), line(4, -250)], [entry(4, -200), entry(3, -100)])
    assert result.pairs == [(line(3, -100), entry(3, -100))]
    assert result.only_bank == [line(4, -250)]
    assert result.only_ours == [entry(4, -200)]
    assert not result.is_complete()


def test_a_line_takes_the_nearest_entry_in_time():
    result = reconcile([line(10, -100)], [entry(8, -100), entry(11, -100)])
    assert result.pairs == [(line(10, -100), entry(11, -100))]
    assert result.only_ours == [entry(8, -100)]


def test_an_entry_is_taken_once():
    result = reconcile([line(10, -100), line(10, -100)], [entry(10, -100)])
    assert len(result.pairs) == 1
    assert result.only_bank == [line(10, -100)]


def test_nothing_against_nothing_is_complete():
    assert reconcile([], []).is_complete()
