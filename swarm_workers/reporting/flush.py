"""From the outbox into Postgres: read, write, commit, acknowledge; in this order, for ever.

A process that dies between any two of these steps leaves the reports pending, and whoever reads
them next writes them again, which changes nothing. A report that cannot be written is set aside,
so that it holds up no other.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from pydantic import ValidationError
from redis import Redis
from sqlalchemy import Engine

from swarm_workers.clock import Clock, RealClock
from swarm_workers.errors import ServiceUnreachableError
from swarm_workers.reporting.failures import ReportRejectedError, translate_redis_errors
from swarm_workers.reporting.outbox import Entry, Outbox
from swarm_workers.reporting.writer import Writer
from tasks_schema.messages.attempt import AttemptReport

BATCH_MAX: Final = 500
CLAIM_EVERY_SECONDS: Final = 15
"""How often reports of readers that are gone are looked for."""
_log = logging.getLogger(__name__)


def flush_once(redis: Redis, engine: Engine, *, reader: str, batch_max: int = BATCH_MAX) -> int:
    """Write all reports that wait now, without threads, and return how many there were.

    Those that another process has read and not yet written are left to it.

    Args:
        redis: a connection that returns bytes.
        engine: of Postgres, see `writer.connect`.
        reader: names this process among the readers of the outbox.
        batch_max: reports written in one transaction.

    Raises:
        ServiceUnreachableError: Redis or Postgres does not answer; nothing is lost.
    """
    flush = Flush(redis, engine, reader=reader, batch_max=batch_max)
    return flush.drain(RealClock(), seconds_max=float("inf"))


class Flush:
    """One reader of the outbox that writes what it reads. Not for use from two threads."""

    def __init__(
        self,
        redis: Redis,
        engine: Engine,
        *,
        reader: str,
        batch_max: int = BATCH_MAX,
        on_written: Callable[[set[str]], None] = lambda _swarms: None,
    ) -> None:
        """See `flush_once` for the arguments; `on_written` gets the swarms of each batch."""
        self._redis = redis
        self._outbox = Outbox(redis, reader)
        self._writer = Writer(engine)
        self._batch_max = batch_max
        self._on_written = on_written
        self._claimed_at = float("-inf")

    def step(self) -> int:
        """Write one batch and return its size; 0 means that nothing waited.

        Raises:
            ServiceUnreachableError: the batch stays pending, and the next step takes it again.
        """
        try:
            with translate_redis_errors(self._redis):
                entries = self._outbox.read(self._batch_max)
                if entries:
                    self._write(entries)
                    self._on_written({entry.swarm for entry in entries})
        except ServiceUnreachableError:
            self._outbox.keep_pending()
            raise
        return len(entries)

    def claim_when_due(self, clock: Clock) -> None:
        """Take over what readers that are gone left behind, if that has not been done lately."""
        if clock.monotonic() - self._claimed_at < CLAIM_EVERY_SECONDS:
            return
        with translate_redis_errors(self._redis):
            claimed = self._outbox.claim_abandoned(self._batch_max)
        self._claimed_at = clock.monotonic()
        if claimed:
            _log.info("took over %d reports from readers that are gone", claimed)

    def drain(self, clock: Clock, seconds_max: float) -> int:
        """Write batches until none waits or the time is over; return how many reports that were."""
        ends_at = clock.monotonic() + seconds_max
        written = 0
        while clock.monotonic() < ends_at:
            size = self.step()
            if not size:
                break
            written += size
        return written

    def _write(self, entries: Sequence[Entry]) -> None:
        gone = [entry for entry in entries if entry.data is None]
        if gone:
            self._outbox.acknowledge(gone)
        decoded = [(entry, report) for entry in entries if (report := self._decode(entry))]
        try:
            self._writer.write([report for _entry, report in decoded])
        except ReportRejectedError:
            self._write_singly(decoded)
        else:
            self._outbox.acknowledge([entry for entry, _report in decoded])

    def _write_singly(self, decoded: Sequence[tuple[Entry, AttemptReport]]) -> None:
        """Find out which reports of a refused batch are at fault, and write the others."""
        for entry, report in decoded:
            try:
                self._writer.write([report])
            except ReportRejectedError as error:
                self._reject(entry, error.reason)
            else:
                self._outbox.acknowledge([entry])

    def _decode(self, entry: Entry) -> AttemptReport | None:
        """Return the report, or set aside what is none and return None."""
        if entry.data is None:
            return None
        try:
            return AttemptReport.model_validate_json(entry.data)
        except ValidationError as error:
            first = error.errors()[0]
            self._reject(entry, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
            return None

    def _reject(self, entry: Entry, reason: str) -> None:
        _log.error(
            "report %s of swarm '%s' cannot be written (%s); it is kept in the stream of rejected "
            "reports of that swarm",
            entry.entry_id,
            entry.swarm,
            reason,
        )
        self._outbox.reject(entry, reason)
