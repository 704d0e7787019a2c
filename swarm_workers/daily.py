"""Parts of the tables that are cut by days: made before they are needed, dropped when over.

To attach a part locks out neither readers nor writers of its table. To drop one does, for the
moment that it takes: it waits for them no longer than `LOCK_SECONDS_MAX`, and is tried again in the
next round.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from psycopg import sql
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from tasks_schema.tables.days import bounds, day_of_part, part_name

DAYS_AHEAD = 3
"""Parts that are made before their day has come: so long the upkeep may be away."""
DROPS_MAX = 8
"""Parts of one table that are dropped in one round: each is a moment's lock."""
LOCK_SECONDS_MAX = 1
_LOCK = 0x5357_4441_59
"""Advisory: one process at a time makes parts."""
_PARTS = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = to_regclass(:table) ORDER BY c.relname"
)


class DaysMade:
    """Which parts are there, as far as this process knows. Safe for use from several threads."""

    def __init__(self) -> None:
        """Know of none."""
        self._known: frozenset[tuple[str, date]] = frozenset()

    def require(self, connection: Connection, table: str, at: datetime) -> None:
        """Make sure that rows of an instant can be written; once a day that takes a query.

        Raises nothing of its own. To be called first in a transaction: it may wait for another
        process that makes parts.

        Args:
            connection: in the transaction that will write the rows.
            table: one that is cut by days.
            at: the instant, with its time zone.
        """
        day = utc_day(at)
        if (table, day) in self._known:
            return
        if day in days_of(connection, table):
            self._known |= {(table, day)}
        else:  # not remembered before its transaction is over: that may come to nothing
            make_days(connection, table, [day])


def utc_day(at: datetime) -> date:
    """Return the day, in UTC, of an instant."""
    assert at.tzinfo is not None, f"{at} is no instant without its time zone"
    return (at - (at.utcoffset() or timedelta())).date()


def days_of(connection: Connection, table: str) -> list[date]:
    """Return the days that a table has parts for, the oldest first."""
    names = connection.execute(_PARTS, {"table": table}).scalars()
    return [day for name in names if (day := day_of_part(name)) is not None]


def make_days(connection: Connection, table: str, days: list[date]) -> int:
    """Make the parts that are missing of these days and return how many that were. Blocks."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    there = set(days_of(connection, table))
    missing = [day for day in days if day not in there]
    for day in missing:
        for statement in _making(table, day):
            connection.exec_driver_sql(statement.as_string(None))
    return len(missing)


def drop_days(engine: Engine, table: str, before: date) -> int:
    """Drop parts of days before this one, at most `DROPS_MAX`; return how many. Blocks.

    A part that cannot be locked now is left for the next round, and so are those after it.

    Raises:
        sqlalchemy.exc.OperationalError: Postgres does not answer.
    """
    with engine.begin() as connection:
        over = [day for day in days_of(connection, table) if day < before][:DROPS_MAX]
    dropped = 0
    for day in over:
        if not _drop(engine, table, day):
            break
        dropped += 1
    return dropped


def _drop(engine: Engine, table: str, day: date) -> bool:
    """Drop one part unless others hold it for too long; return whether it is gone."""
    statement = sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(part_name(table, day)))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS_MAX}s'")
            connection.exec_driver_sql(statement.as_string(None))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    return True


def _making(table: str, day: date) -> Iterator[sql.Composed]:
    """Yield what makes a part: made apart and then attached, which locks nobody out."""
    names = {"part": sql.Identifier(part_name(table, day)), "table": sql.Identifier(table)}
    first, last = (sql.Literal(each.isoformat()) for each in bounds(day))
    create = sql.SQL("CREATE TABLE {part} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    yield create.format(**names)
    attach = sql.SQL("ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES {of_day}")
    of_day = sql.SQL("FROM ({}) TO ({})").format(first, last)
    yield attach.format(**names, of_day=of_day)
