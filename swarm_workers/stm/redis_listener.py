"""Waiting for commits of others: a subscription to the channel of the space."""

from collections.abc import Callable

import msgspec

from swarm_workers.stm.waiting import Deadline, Patience
from swarm_workers.stm.wire import Wire, WireLostError

ALL_KEYS = "*"
"""Published instead of a key when anything may have changed."""
_DRAINED_MAX = 1000


class RedisListener:
    """A connection that has subscribed. While it waits, nothing is sent."""

    def __init__(self, channel: str, open_wire: Callable[[], Wire], patience: Patience) -> None:
        """Subscribe. Blocks until the server has confirmed it.

        Raises:
            StmUnavailableError: the server does not answer.
        """
        self._channel = channel
        self._open_wire = open_wire
        self._patience = patience
        self._wire = self._subscribe()

    def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Block until one of the keys may have changed; False if the time ran out first."""
        deadline = Deadline(seconds)
        try:
            while True:
                message = self._wire.receive(deadline.remaining_seconds())
                if message is None:
                    return False
                if _concerns(message, keys):
                    self._drain()
                    return True
        except WireLostError as error:
            # What was published meanwhile is lost, so the caller has to look for itself.
            self._patience.bear(error)
            self._wire = self._subscribe()
            return True

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _subscribe(self) -> Wire:
        while True:
            try:
                wire = self._open_wire()
                wire.flight([("SUBSCRIBE", self._channel)])
            except WireLostError as error:
                self._patience.bear(error)
            else:
                self._patience.reset()
                return wire

    def _drain(self) -> None:
        """Drop what came in already: the read that follows sees those commits anyway."""
        for _ in range(_DRAINED_MAX):
            if self._wire.receive(0) is None:
                return


def _concerns(message: list[bytes], keys: frozenset[str]) -> bool:
    changed = msgspec.json.decode(message[2], type=list[str])
    return ALL_KEYS in changed or not keys.isdisjoint(changed)
