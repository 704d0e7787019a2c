from datetime import date, timedelta

import pytest

from ledger.dates import (
    add_months,
    days_in_month,
    is_leap,
    is_working_day,
    month_end,
    parse_day,
    roll_forward,
    working_days_between,
)

NEW_YEAR = date(2024, 1, 1)  # a Monday


@pytest.mark.parametrize("text", ["2024-02-29", "2024/02/29", " 2024-02-29 "])
def test_a_day_is_read_with_dashes_or_slashes(text):
    assert parse_day(text) == date(2024, 2, 29)


@pytest.mark.parametrize("text", ["2023-02-29", "29.02.2024", "today", ""])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError, match="not a day"):
        parse_day(text)


def test_centuries_are_leap_only_every_fourth():
    assert [year for year in (1900, 2000, 2023, 2024, 2100) if is_leap(year)] == [2000, 2024]


def test_months_have_the_days_of_the_calendar():
    assert [days_in_month(2023, month) for month in (1, 2, 4, 12)] == [31, 28, 30, 31]
    assert days_in_month(2024, 2) == 29


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2024, 1, 15), 1, date(2024, 2, 15)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 12, 31), 14, date(2025, 2, 28)),
        (date(2024, 11, 30), 1, date(2024, 12, 30)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
        (date(2024, 1, 10), -13, date(2022, 12, 10)),
        (date(2024, 5, 5), 0, date(2024, 5, 5)),
    ],
)
def test_months_are_added_and_the_day_kept_where_it_exists(start, count, end):
    assert add_months(start, count) == end


def test_a_month_ends_on_its_last_day():
    assert month_end(date(2024, 2, 3)) == date(2024, 2, 29)
    assert month_end(date(2024, 4, 30)) == date(2024, 4, 30)


def test_banks_close_at_weekends_and_on_holidays():
    week = [NEW_YEAR + timedelta(days=days) for days in range(7)]
    assert [is_working_day(day) for day in week] == [True] * 5 + [False] * 2
    assert not is_working_day(NEW_YEAR, {NEW_YEAR})


def test_a_day_off_rolls_to_the_next_working_day():
    assert roll_forward(date(2024, 1, 6)) == date(2024, 1, 8)
    assert roll_forward(date(2023, 12, 30), {NEW_YEAR}) == date(2024, 1, 2)
    assert roll_forward(date(2024, 1, 3)) == date(2024, 1, 3)


def test_working_days_are_counted_up_to_the_end_but_without_it():
    assert working_days_between(NEW_YEAR, date(2024, 1, 8)) == 5
    assert working_days_between(NEW_YEAR, date(2024, 1, 8), {NEW_YEAR}) == 4
    assert working_days_between(NEW_YEAR, NEW_YEAR) == 0
