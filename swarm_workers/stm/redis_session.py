"""One transaction's conversation with Redis, and what is done when it is cut off.

Exactly once. Every commit writes its number to the writer's record, in the same MULTI, and every
run WATCHes that record with its first read. If the reply to EXEC is lost, the record tells whether
the commit took place. If it did not, it may still be on its way; so the record is written once more
(a fence), and the late EXEC, whose connection watches the record, fails. Only then is it retried.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import msgspec
from redis import exceptions

from swarm_workers.stm.codec import stamp
from swarm_workers.stm.errors import (
    RestartSignal,
    StmCorruptedError,
    StmServerError,
    StmUnavailableError,
)
from swarm_workers.stm.journal import Effect, Query, Reply
from swarm_workers.stm.pool import Slot
from swarm_workers.stm.waiting import Patience
from swarm_workers.stm.wire import Command, Wire, WireLostError

RECORD_SECONDS = 3600
_PASSING = (
    exceptions.ReadOnlyError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
    exceptions.BusyLoadingError,
)
"""Refusals of a server that starts or fails over: as good as a lost connection."""

# A script, because sets and lists have no MGET; only so are all answers of one instant.
_READ_SCRIPT = """
local replies = {}
for index, key in ipairs(KEYS) do
  local kind, argument = ARGV[2 * index - 1], ARGV[2 * index]
  if argument == '' then
    replies[index] = redis.call(kind, key)
  else
    replies[index] = redis.call(kind, key, argument)
  end
end
return replies
"""


class RedisSession:
    """A session over one slot of the pool."""

    def __init__(
        self, space: str, slot: Slot, open_wire: Callable[[], Wire], patience: Patience
    ) -> None:
        """Nothing is sent.

        Args:
            space: its name.
            slot: lent by the pool, for this session alone.
            open_wire: connects anew when the slot's connection is gone.
            patience: bears failures of this transaction.
        """
        self._slot = slot
        self._open_wire = open_wire
        self._patience = patience
        self._record = f"{{{space}}}:c:{slot.writer}"
        self._channel = f"{{{space}}}:ev"
        self._watched: set[str] = set()

    def begin(self) -> None:
        """Forget what was watched; the next flight tells the server."""
        self._watched.clear()

    def read(self, queries: Sequence[Query]) -> list[Reply]:
        """Return the answers, all of one instant, in one flight; see `Session.read`."""
        commands = self._watch_commands(queries)
        if queries:
            commands.append(_read_command(queries))
        if not commands:
            return []
        replies = self._flight(commands)
        self._check_replies(replies)
        if not queries:
            return []
        return [_reply(each, raw) for each, raw in zip(queries, replies[-1], strict=True)]

    def commit(self, effects: Sequence[Effect]) -> bool:
        """Apply all effects or none, exactly once; see `Session.commit`."""
        if not self._watched:
            self.read(())  # WATCH the record: in the same flight as EXEC it would fence nothing
        wire = self._wire()
        sequence = self._slot.next_sequence()
        self._slot.is_uncertain = True
        try:
            replies = wire.flight(self._commit_commands(effects, sequence))
        except WireLostError as error:
            return self._resolve(sequence, error)
        self._slot.is_uncertain = False
        wire.has_watches = False
        return self._verdict(replies)

    def _watch_commands(self, queries: Sequence[Query]) -> list[Command]:
        wire = self._wire()
        # Left over from a run that ended without EXEC; costs no flight of its own.
        unwatch: list[Command] = [("UNWATCH",)] if wire.has_watches and not self._watched else []
        wanted = {self._record, *(query.key for query in queries)}
        fresh = sorted(wanted - self._watched)
        if not fresh:
            return unwatch
        self._watched |= wanted
        wire.has_watches = True
        return [*unwatch, ("WATCH", *fresh)]

    def _commit_commands(self, effects: Sequence[Effect], sequence: int) -> list[Command]:
        keys = msgspec.json.encode(list(dict.fromkeys(effect.key for effect in effects)))
        return [
            ("MULTI",),
            *(self._effect_command(effect, sequence) for effect in effects),
            ("SET", self._record, sequence, "EX", RECORD_SECONDS),
            ("PUBLISH", self._channel, keys),
            ("EXEC",),
        ]

    def _effect_command(self, effect: Effect, sequence: int) -> Command:
        if effect.kind != "SET":
            return (effect.kind, effect.key, *effect.arguments)
        (payload,) = effect.arguments
        assert isinstance(payload, bytes)
        return ("SET", effect.key, stamp(self._slot.writer, sequence, payload))

    def _verdict(self, replies: list[Any]) -> bool:
        outcome = replies[-1]
        if isinstance(outcome, Exception):
            self._check_replies(replies)
        self._patience.reset()
        if outcome is None:
            return False
        failed = [each for each in outcome if isinstance(each, Exception)]
        if failed:
            raise StmCorruptedError(f"{failed[0]}; the other writes of this commit were applied")
        return True

    def _resolve(self, sequence: int, error: WireLostError) -> bool:
        """Find out whether a commit took place; once this returns False, it never will."""
        sent_at = time.monotonic()
        while True:
            self._slot.drop_wire()
            self._patience.bear(error, committed=None)
            try:
                outcome = self._ask_record(sequence, sent_at)
            except WireLostError as lost:
                error = lost
                continue
            except StmServerError as refusal:
                raise StmUnavailableError(str(refusal), committed=None) from refusal
            if outcome is not None:
                self._slot.is_uncertain = False
                return outcome

    def _ask_record(self, sequence: int, sent_at: float) -> bool | None:
        """Read the record, and fence the commit if it is not there; None: ask again."""
        self._slot.wire = wire = self._open_wire()
        _, recorded = wire.flight([("WATCH", self._record), ("GET", self._record)])
        wire.has_watches = True
        if isinstance(recorded, Exception):
            raise WireLostError(str(recorded))
        if time.monotonic() - sent_at > RECORD_SECONDS / 2:
            raise StmUnavailableError("the record of the commit has expired", committed=None)
        if recorded is not None and int(recorded) >= sequence:
            # A greater number is that of a fence, and a fence is only set on an absent commit.
            return int(recorded) == sequence
        fence = ("SET", self._record, self._slot.next_sequence(), "EX", RECORD_SECONDS)
        outcome = wire.flight([("MULTI",), fence, ("EXEC",)])[-1]
        wire.has_watches = False
        if isinstance(outcome, Exception):
            raise WireLostError(str(outcome))
        return None if outcome is None else False

    def _wire(self) -> Wire:
        """Return the connection; open one if the run has not begun to watch anything."""
        slot = self._slot
        while slot.wire is None or not slot.wire.is_open:
            if self._watched:
                raise RestartSignal
            try:
                slot.wire = self._open_wire()
            except WireLostError as error:
                self._patience.bear(error)
        return slot.wire

    def _flight(self, commands: list[Command]) -> list[Any]:
        try:
            replies = self._wire().flight(commands)
        except WireLostError as error:
            self._lose(error)
        self._patience.note_answer()
        return replies

    def _check_replies(self, replies: list[Any]) -> None:
        """Raise if the server refuses; nothing of the flight was written then."""
        refused = [each for each in replies if isinstance(each, Exception)]
        if not refused:
            return
        if isinstance(refused[0], _PASSING):
            self._lose(refused[0])
        raise StmServerError(str(refused[0]))

    def _lose(self, error: Exception) -> NoReturn:
        self._slot.drop_wire()
        self._patience.bear(error)
        raise RestartSignal


def _read_command(queries: Sequence[Query]) -> Command:
    keys = [query.key for query in queries]
    if all(query.kind == "GET" for query in queries):
        return ("MGET", *keys)
    arguments = [part for query in queries for part in (query.kind, query.argument)]
    return ("EVAL", _READ_SCRIPT, len(keys), *keys, *arguments)


def _reply(query: Query, raw: Any) -> Reply:
    if query.kind == "SMEMBERS":
        return frozenset(raw)
    reply: bytes | int | None = raw
    return reply
