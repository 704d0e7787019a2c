"""Ids made here, not by the database: the operation that makes a node must carry its id.

UUIDs of version 7 (RFC 9562): they begin with the instant, so that the ids of one import lie
together in an index.
"""

import os
import uuid

from swarm_workers.clock import Clock
from tasks_schema.ids import NodeId

_COUNTER_MAX = 0xFFF


class IdSource:
    """Gives ids that rise, as seen by this object. Not for several threads at once."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock that the ids begin with."""
        self._clock = clock
        self._milliseconds = 0
        self._counter = 0

    def __call__(self) -> NodeId:
        """Return a new id."""
        now = int(self._clock.now().timestamp() * 1000)
        if now > self._milliseconds:
            self._milliseconds, self._counter = now, 0
        elif self._counter == _COUNTER_MAX:
            self._milliseconds, self._counter = self._milliseconds + 1, 0
        else:
            self._counter += 1
        head = (self._milliseconds << 16) | 0x7000 | self._counter
        tail = int.from_bytes(os.urandom(8)) & (2**62 - 1)
        return NodeId(uuid.UUID(int=(head << 64) | (1 << 63) | tail))
