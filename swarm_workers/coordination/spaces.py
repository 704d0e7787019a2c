"""The spaces of many swarms, opened once each in a process."""

from collections import OrderedDict

from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.stm import Stm

OPEN_MAX = 64
"""Spaces kept open; beyond that the one unused for longest is closed."""


class Spaces:
    """Opens the space of a swarm when it is asked for, and keeps it. Not thread-safe."""

    def __init__(self, redis_url: str) -> None:
        """Hold the address; no connection is made."""
        self._redis_url = redis_url
        self._open: OrderedDict[tuple[str, float], Stm] = OrderedDict()

    def stm(self, swarm_id: str, round_trip_seconds: float = 0.0) -> Stm:
        """Return the transactions of a swarm's space.

        Args:
            swarm_id: whose space.
            round_trip_seconds: added to every flight, for agents of a swarm that tries out a
                network which is not there.
        """
        key = (swarm_id, round_trip_seconds)
        known = self._open.pop(key, None)
        self._open[key] = known or Stm.connect(
            self._redis_url, swarm_id, emulated_round_trip_seconds=round_trip_seconds
        )
        while len(self._open) > OPEN_MAX:
            _, oldest = self._open.popitem(last=False)
            oldest.close()
        return self._open[key]

    def shared(self, swarm_id: str, part: str = "") -> SharedState:
        """Return the variables of a swarm, or of one agent's own part of it."""
        return SharedState(self.stm(swarm_id), part)

    def close(self) -> None:
        """Close every space."""
        while self._open:
            self._open.popitem()[1].close()
