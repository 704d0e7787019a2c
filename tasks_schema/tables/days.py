"""Tables that are cut by days: which, and the names and bounds of their parts.

Each part holds one day in UTC. The parts come and go as days do, so no migration names them: see
`swarm_workers.daily`.
"""

import re
from datetime import UTC, date, datetime, time, timedelta

RESULTS_BY_DAY = ("test_results",)
"""Cut by the day of the report, and kept for a number of days."""
FAILURES_BY_DAY = ("failed_operations", "clashes")
"""Cut by the day on which they expire."""
BY_DAY = (*RESULTS_BY_DAY, *FAILURES_BY_DAY)

_PART = re.compile(rf"(?:{'|'.join(BY_DAY)})_d(\d{{8}})")


def part_name(table: str, day: date) -> str:
    """Return the name of the part that holds a day."""
    assert table in BY_DAY, f"table '{table}' is not cut by days"
    return f"{table}_d{day:%Y%m%d}"


def day_of_part(name: str) -> date | None:
    """Return the day that the part of this name holds; None if it is no such name."""
    found = _PART.fullmatch(name)
    return datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC).date() if found else None


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return the first instant of a day, and that of the next."""
    first = datetime.combine(day, time.min, tzinfo=UTC)
    return first, first + timedelta(days=1)
