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
        self._open: OrderedDict[str, Stm] = OrderedDict()

    def stm(self, swarm_id: str) -> Stm:
        """Return the transactions of a swarm's space."""
        known = self._open.pop(swarm_id, None)
        self._open[swarm_id] = known or Stm.connect(self._redis_url, space=swarm_id)
        while len(self._open) > OPEN_MAX:
            _, oldest = self._open.popitem(last=False)
            oldest.close()
        return self._open[swarm_id]

    def shared(self, swarm_id: str, part: str = "") -> SharedState:
        """Return the variables of a swarm, or of one agent's own part of it."""
        return SharedState(self.stm(swarm_id), part)

    def close(self) -> None:
        """Close every space."""
        while self._open:
            self._open.popitem()[1].close()
