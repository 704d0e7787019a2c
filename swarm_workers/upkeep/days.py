"""The duty of making room for the days to come, and of forgetting those that are over."""

import logging
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Engine

from swarm_workers.clock import Clock
from swarm_workers.daily import DAYS_AHEAD, DROPS_MAX, drop_days, make_days, utc_day
from swarm_workers.postgres import transaction
from swarm_workers.source.failed import KEPT_DAYS
from tasks_schema.tables.days import FAILURES_BY_DAY, RESULTS_BY_DAY

ROUND_SECONDS: Final = 3600.0
"""How often it is done; sooner again when a round did not get to the end of it."""
_AGAIN_SECONDS: Final = 10.0
_log = logging.getLogger(__name__)


class DayKeeper:
    """Makes the parts of the next days and drops those of days that are over.

    All main processes of a fleet do this at once: whoever comes second finds it done.
    """

    def __init__(self, engine: Engine, clock: Clock, *, results_days: int) -> None:
        """Prepare; nothing is read.

        Args:
            engine: of Postgres.
            clock: says what day it is.
            results_days: for how many days the outcome of each test is kept.
        """
        self._engine = engine
        self._clock = clock
        self._results_days = results_days

    def step(self) -> float:
        """Do one round and return after how many seconds to do the next.

        At most `DROPS_MAX` parts of each table are dropped. Raises what the driver does.
        """
        today = utc_day(self._clock.now())
        ahead = [today + timedelta(days=days) for days in range(DAYS_AHEAD + 1)]
        for table in RESULTS_BY_DAY:
            self._make(table, ahead)
        for table in FAILURES_BY_DAY:
            self._make(table, [day + timedelta(days=KEPT_DAYS) for day in ahead])
        oldest = today - timedelta(days=self._results_days)
        dropped = [self._drop(table, oldest) for table in RESULTS_BY_DAY]
        dropped += [self._drop(table, today) for table in FAILURES_BY_DAY]
        return _AGAIN_SECONDS if DROPS_MAX in dropped else ROUND_SECONDS

    def _make(self, table: str, days: list[date]) -> None:
        with transaction(self._engine) as connection:
            make_days(connection, table, days)

    def _drop(self, table: str, before: date) -> int:
        dropped = drop_days(self._engine, table, before)
        if dropped:
            _log.info("%d days of '%s' had been kept long enough and are gone", dropped, table)
        return dropped
