"""A space in Redis or Valkey. Round trips: 1 per flight of reads, 1 per commit.

What was read by the same code before is asked for in one flight; a lost reply costs a new
connection and 1 or 2 more.
"""

from collections.abc import Callable
from typing import Literal

from swarm_workers.stm.engines.function import FunctionSession
from swarm_workers.stm.engines.keys import Keys
from swarm_workers.stm.engines.watch import WatchSession
from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.pools.asynchronous import AsyncPool
from swarm_workers.stm.pools.blocking import BlockingPool
from swarm_workers.stm.pools.slots import Slot
from swarm_workers.stm.waiting import Deadline, Patience
from swarm_workers.stm.wires.seam import Wire, WireLostError

EngineName = Literal["watch", "function"]
_SESSIONS: dict[str, Callable[..., WatchSession | FunctionSession]] = {
    "watch": WatchSession,
    "function": FunctionSession,
}
_SCAN_COUNT = 500


class RedisEngine:
    """A space on a server."""

    def __init__(self, space: str, pool: BlockingPool | AsyncPool, engine: EngineName) -> None:
        """Connect to nothing.

        Args:
            space: its name.
            pool: lends connections.
            engine: how commits are made.

        Raises:
            StmUsageError: there is no such engine.
        """
        if engine not in _SESSIONS:
            known = "', '".join(_SESSIONS)
            raise StmUsageError(f"there is no engine '{engine}'; there are '{known}'")
        self.place: object = pool.place
        self.reads_at_once = pool.reads_at_once
        self._keys = Keys(space)
        self._pool = pool
        self._session = _SESSIONS[engine]

    def open(self, deadline: Deadline, caller: object = None) -> WatchSession | FunctionSession:
        """Lend a session for one transaction; see `Engine.open`.

        Raises:
            StmUsageError: it was closed.
        """
        slot, patience = self._pool.take(caller), self._patience(deadline)
        return self._session(self._keys, slot, self._pool, patience)

    def close_session(self, session: WatchSession | FunctionSession) -> None:
        """Take the session back."""
        self._pool.give_back(session.slot)

    async def purge(self) -> None:
        """Delete every key of the space. Scans the whole server in small steps.

        Who waits is woken by the deletion itself.
        """
        patience, slot = self._patience(Deadline(None)), Slot(wants_own_wire=True)
        while True:
            try:
                await self._pool.open_wire(slot)
                assert slot.wire is not None
                await _delete_all(slot.wire, f"{{{self._keys.space}}}:*")
                slot.drop_wire()
            except WireLostError as error:
                await self._pool.pause(patience.pause_after(error))
            else:
                return

    def close(self) -> None:
        """Close connections; transactions that still run fail."""
        self._pool.close()

    def _patience(self, deadline: Deadline) -> Patience:
        return Patience(lambda: self._pool.is_closed, deadline)


async def _delete_all(wire: Wire, pattern: str) -> None:
    cursor = b"0"
    while True:
        (reply,) = await wire.flight([("SCAN", cursor, "MATCH", pattern, "COUNT", _SCAN_COUNT)])
        if isinstance(reply, Exception):
            raise WireLostError(str(reply))
        cursor, keys = reply
        if keys:
            await wire.flight([("UNLINK", *keys)])
        if cursor == b"0":
            return
