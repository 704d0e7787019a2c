"""The read side of the outbox: reports of all active swarms, each handed to one reader at a time.

A report is written to the stream of its swarm in the transaction that ends its attempt. Here it is
read through a consumer group: what was read and not acknowledged stays pending, is read again by
the same reader after a failure, and is claimed by another when that reader is gone. So a report
comes at least once; that it counts once is the writer's business.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ResponseError

from tasks_schema.names import (
    KEY_ACTIVE_SWARMS,
    OUTBOX_FIELD,
    OUTBOX_GROUP,
    OUTBOX_STREAM,
    REJECTED_STREAM,
)

REJECTED_ENTRIES_MAX: Final = 1000
"""Rejected reports that are kept of one swarm."""
CLAIM_IDLE_MS: Final = 30_000
"""After how long a report that was read and not acknowledged is taken from its reader."""
_NEW: Final = ">"
_PENDING: Final = "0"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One report as it lies in its stream."""

    swarm: str
    entry_id: str
    data: bytes | None
    """An `AttemptReport` as JSON; None when the entry was deleted after it had been read."""


def stream_key(swarm: str, stream: str = OUTBOX_STREAM) -> str:
    """Return the Redis key of one of a swarm's streams."""
    return f"{{{swarm}}}:x:{stream}"


class Outbox:
    """What one reader sees of the outboxes. Not for use from two threads."""

    def __init__(self, redis: Redis, reader: str, claim_idle_ms: int = CLAIM_IDLE_MS) -> None:
        """Read as `reader`.

        Args:
            redis: a connection that returns bytes.
            reader: names this process; after a restart under the same name it goes on with what
                it had read. Two that share a name may get the same report, which does no harm.
            claim_idle_ms: after how long a report is taken from another reader.
        """
        self._redis = redis
        self._reader = reader
        self._claim_idle_ms = claim_idle_ms
        self._may_have_pending = True
        self._unreadable: set[str] = set()

    def read(self, entries_max: int) -> list[Entry]:
        """Return at most about `entries_max` reports, oldest first; empty when there are none.

        What this reader read before and did not settle comes first. Does not wait for reports; two
        round trips at most. Every swarm gets its share, so that a busy one delays no other.
        """
        swarms = self._active_swarms()
        if not swarms:
            return []
        if self._may_have_pending:
            entries = self._read(swarms, entries_max, _PENDING)
            if entries:
                return entries
            self._may_have_pending = False
        return self._read(swarms, entries_max, _NEW)

    def keep_pending(self) -> None:
        """Let the next read begin with what was read and not settled: writing it failed."""
        self._may_have_pending = True

    def claim_abandoned(self, entries_max: int) -> int:
        """Take over reports whose reader is gone and return how many; the next read has them."""
        claimed = 0
        for swarm in self._active_swarms():
            claimed += self._claim(swarm, entries_max)
        if claimed:
            self.keep_pending()
        return claimed

    def acknowledge(self, entries: Sequence[Entry]) -> None:
        """Settle these reports and delete them. One round trip."""
        with self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                _settle(pipe, entry)
            pipe.execute()

    def reject(self, entry: Entry, reason: str) -> None:
        """Move a report that can never be written to its swarm's stream of rejected ones."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(
                stream_key(entry.swarm, REJECTED_STREAM),
                {OUTBOX_FIELD: entry.data or b"", "reason": reason, "entry": entry.entry_id},
                maxlen=REJECTED_ENTRIES_MAX,
            )
            _settle(pipe, entry)
            pipe.execute()

    def _active_swarms(self) -> list[str]:
        members: Iterable[bytes] = self._redis.smembers(KEY_ACTIVE_SWARMS)  # type: ignore[assignment]
        return sorted(member.decode() for member in members)

    def _read(self, swarms: list[str], entries_max: int, from_id: str) -> list[Entry]:
        share = max(1, entries_max // len(swarms))
        with self._redis.pipeline(transaction=False) as pipe:
            for swarm in swarms:
                pipe.xreadgroup(
                    OUTBOX_GROUP, self._reader, {stream_key(swarm): from_id}, count=share
                )
            replies = pipe.execute(raise_on_error=False)
        entries: list[Entry] = []
        for swarm, reply in zip(swarms, replies, strict=True):
            if isinstance(reply, Exception):
                self._on_refusal(swarm, reply)
            else:
                entries += _entries(swarm, reply)
        return entries

    def _on_refusal(self, swarm: str, error: Exception) -> None:
        """Create the group that is missing; any other refusal is logged once, and harms nobody."""
        if _is_group_missing(error):
            self._create_group(swarm)
        elif swarm not in self._unreadable:
            self._unreadable.add(swarm)
            _log.error("key '%s' cannot be read as an outbox: %s", stream_key(swarm), error)

    def _create_group(self, swarm: str) -> None:
        try:
            # Not MKSTREAM: a swarm that has just been removed must not leave a key behind.
            self._redis.xgroup_create(stream_key(swarm), OUTBOX_GROUP, id=_PENDING)
        except ResponseError as refusal:
            if not _is_harmless(refusal):
                raise

    def _claim(self, swarm: str, entries_max: int) -> int:
        try:
            claimed: Any = self._redis.xautoclaim(
                stream_key(swarm),
                OUTBOX_GROUP,
                self._reader,
                min_idle_time=self._claim_idle_ms,
                count=entries_max,
                justid=True,
            )
        except ResponseError as error:
            self._on_refusal(swarm, error)
            return 0
        return len(claimed)


def _settle(pipe: Pipeline, entry: Entry) -> None:
    key = stream_key(entry.swarm)
    pipe.xack(key, OUTBOX_GROUP, entry.entry_id)
    pipe.xdel(key, entry.entry_id)


def _entries(swarm: str, reply: Any) -> list[Entry]:
    """Read the answer to an XREADGROUP of one stream, in the form of either protocol."""
    if isinstance(reply, dict):
        parts = [part for found in reply.values() for part in found]
    else:
        parts = [found for _key, found in reply or ()]
    return [
        Entry(swarm, entry_id.decode(), fields.get(OUTBOX_FIELD.encode(), b"") if fields else None)
        for part in parts
        for entry_id, fields in part
    ]


def _is_group_missing(error: Exception) -> bool:
    return isinstance(error, ResponseError) and str(error).startswith("NOGROUP")


def _is_harmless(refusal: ResponseError) -> bool:
    """Say whether a group was not created because it is there, or because no report was written."""
    return "BUSYGROUP" in str(refusal) or "requires the key to exist" in str(refusal)
