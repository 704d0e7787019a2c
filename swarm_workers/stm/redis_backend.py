"""A space in Redis or Valkey: WATCH and read in one flight, MULTI to EXEC in the next.

| key | type | meaning | expiry |
|---|---|---|---|
| `{<space>}:v:<name>` | string | TVar: version header and JSON | none |
| `{<space>}:n:<name>` | string | TCounter: an integer | none |
| `{<space>}:s:<name>` | set | TSet: JSON of the members | none |
| `{<space>}:m:<name>:<key>` | string | TMap: version header and JSON of one entry | none |
| `{<space>}:k:<name>` | set | TMap: its keys | none |
| `{<space>}:q:<name>` | list | TQueue: JSON of the elements, head first | none |
| `{<space>}:x:<name>` | stream | TStream: entries with one field, `report` | none |
| `{<space>}:c:<writer>` | string | number of the writer's latest commit | 1 h |
| `{<space>}:ev` | channel | JSON array of the keys that a commit wrote | - |

Round trips: 1 per flight of reads, 1 per commit, 1 more if nothing was read; a lost reply costs a
new connection and 1 or 2. A variable never expires, because expiry of a watched key is a conflict.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from swarm_workers.stm.pool import Pool
from swarm_workers.stm.redis_listener import ALL_KEYS, RedisListener
from swarm_workers.stm.redis_session import RedisSession
from swarm_workers.stm.waiting import Deadline, Patience
from swarm_workers.stm.wire import Wire, WireLostError, parse_address

_SCAN_COUNT = 500


class RedisBackend:
    """A space on a server."""

    def __init__(self, url: str, space: str) -> None:
        """Parse the URL; connects to nothing.

        Raises:
            StmUsageError: the URL cannot be used.
        """
        self._space = space
        self._pool = Pool(parse_address(url))

    @contextmanager
    def session(self, deadline: Deadline) -> Iterator[RedisSession]:
        """Lend a session for one transaction.

        Raises:
            StmUsageError: it was closed.
        """
        slot = self._pool.take()
        try:
            yield RedisSession(self._space, slot, self._pool.open_wire, self._patience(deadline))
        finally:
            self._pool.give_back(slot)

    def listen(self, deadline: Deadline) -> RedisListener:
        """Return a listener that hears of every commit from now on."""
        return RedisListener(self._channel, self._pool.open_wire, self._patience(deadline))

    def purge(self) -> None:
        """Delete every key of the space, and wake the waiters. Blocks; scans the whole server."""
        patience = self._patience(Deadline(None))
        while True:
            try:
                wire = self._pool.open_wire()
                _delete_all(wire, f"{{{self._space}}}:*")
                wire.flight([("PUBLISH", self._channel, f'["{ALL_KEYS}"]')])
                wire.close()
            except WireLostError as error:
                patience.bear(error)
            else:
                return

    def close(self) -> None:
        """Close connections; transactions that still run fail."""
        self._pool.close()

    @property
    def _channel(self) -> str:
        return f"{{{self._space}}}:ev"

    def _patience(self, deadline: Deadline) -> Patience:
        return Patience(self._pool.closed, deadline)


def _delete_all(wire: Wire, pattern: str) -> None:
    cursor = b"0"
    while True:
        (reply,) = wire.flight([("SCAN", cursor, "MATCH", pattern, "COUNT", _SCAN_COUNT)])
        if isinstance(reply, Exception):
            raise WireLostError(str(reply))
        cursor, keys = reply
        if keys:
            wire.flight([("UNLINK", *keys)])
        if cursor == b"0":
            return
