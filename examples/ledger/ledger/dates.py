"""Days, months and working days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


def parse_day(text: str) -> date:
    """Return the day written as '2024-02-29' or '2024/02/29'.

    Raises:
        ValueError: the text is no such day.
    """
    try:
        return date.fromisoformat(text.strip().replace("/", "-"))
    except ValueError as error:
        raise ValueError(f"not a day: {text!r}; write it like '2024-02-29'") from error


def is_leap(year: int) -> bool:
    """Return whether February of that year has 29 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """Return how many days the month has; January is 1."""
    if month == 2 and is_leap(year):
        return 29
    return _DAYS_IN_MONTH[month - 1]


def add_months(start: date, count: int) -> date:
    """Return the same day of another month, or that month's last day if it is shorter.

    Args:
        start: where to begin.
        count: how many months later; negative for earlier.
    """
    years, index = divmod(start.month - 1 + count, 12)
    year, month = start.year + years, index + 1
    return date(year, month, min(start.day, days_in_month(year, month)))


def month_end(day: date) -> date:
    """Return the last day of the day's month."""
    return day.replace(day=days_in_month(day.year, day.month))


def is_working_day(day: date, holidays: Collection[date] = ()) -> bool:
    """Return whether banks are open: neither at a weekend nor on a holiday."""
    return day.weekday() < _SATURDAY and day not in holidays


def roll_forward(day: date, holidays: Collection[date] = ()) -> date:
    """Return the day itself if it is a working day, else the next one that is."""
    while not is_working_day(day, holidays):
        day += _ONE_DAY
    return day


def working_days_between(start: date, end: date, holidays: Collection[date] = ()) -> int:
    """Return how many working days lie in the half-open span from start to end."""
    count = 0
    day = start
    while day < end:
        if is_working_day(day, holidays):
            count += 1
        day += _ONE_DAY
    return count
