"""The transactions of a history written with the usual client: rightly, and in two wrong ways."""

import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec
import redis

from tests.conformance.stm.nemesis_tale import Ending, Plan, Wish, is_listless
from tests.support.elle.history import (
    Append,
    Contains,
    Count,
    Members,
    Operation,
    Outcome,
    Read,
)

BUGS = ("no WATCH", "WATCH after the read")
RIGHT = "WATCH before the read"
_AGAIN = (redis.WatchError, redis.ConnectionError, redis.TimeoutError)


class UsualStore:
    """WATCH at the right moment, at a wrong one, or not at all.

    What fails is tried again, as the client's own `transaction()` does.
    """

    def __init__(self, url: str, space: str, way: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._space = space
        self._way = way

    def run(self, plan: Plan) -> Ending:
        while True:
            with contextlib.suppress(*_AGAIN):
                done = self._try(plan)
                return Ending(Outcome.COMMITTED, done) if done else Ending(Outcome.ABORTED)

    def close(self) -> None:
        self._client.close()

    def _try(self, plan: Plan) -> Sequence[Operation]:
        keys = sorted({wish.key for wish in plan.wishes})
        names = [f"{self._space}:{letter}:{key}" for key in keys for letter in "vsn"]
        with self._client.pipeline() as pipe:
            if self._way == RIGHT:
                pipe.watch(*names)
            cells = {key: _Cell(self._client, self._space, key) for key in keys}
            if self._way == "WATCH after the read":
                pipe.watch(*names)
            done = [cells[wish.key].do(wish) for wish in plan.wishes]
            if plan.is_to_abort:
                return ()
            pipe.multi()
            pipe.ping()  # so that EXEC is sent, and checks, though nothing is written
            for cell in cells.values():
                cell.write(pipe)
            pipe.execute()
        return done


class _Cell:
    """The state of one key within one transaction."""

    def __init__(self, client: "redis.Redis[Any]", space: str, key: str) -> None:
        self._names = [f"{space}:{letter}:{key}" for letter in "vsn"]
        entries, members, total = self._names
        raw: Any = client.get(entries)
        self._entries: list[int] = msgspec.json.decode(raw) if raw else []
        found: Any = client.smembers(members)
        self._members = {int(each) for each in found}
        self._total = int(client.get(total) or 0)  # type: ignore[arg-type]
        self._is_listless = is_listless(key)
        self._appended: list[int] = []

    def do(self, wish: Wish) -> Operation:
        match wish.kind:
            case "append":
                self._entries.append(wish.value)
                self._members.add(wish.value)
                self._total += 1
                self._appended.append(wish.value)
                return Append(wish.key, wish.value)
            case "read":
                return Read(wish.key, tuple(self._entries))
            case "members":
                return Members(wish.key, frozenset(self._members))
            case "count":
                return Count(wish.key, self._total)
            case _:
                return Contains(wish.key, wish.value, wish.value in self._members)

    def write(self, pipe: "redis.client.Pipeline[Any]") -> None:
        entries, members, total = self._names
        if not self._appended:
            return
        if not self._is_listless:
            pipe.set(entries, msgspec.json.encode(self._entries))
        pipe.sadd(members, *self._appended)
        pipe.incrby(total, len(self._appended))
