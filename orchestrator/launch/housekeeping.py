"""What a refill does once an hour, and when it starts."""

import logging
import time

from orchestrator.launch.parts import Parts
from swarm_workers.source.store import SourceStore

_LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 3600.0


class Housekeeping:
    """Removes what was kept long enough. Any number of refills may do so at once."""

    def __init__(self, parts: Parts) -> None:
        """Be due at once."""
        self._store = SourceStore(parts.engine)
        self._due_at = 0.0

    def step_when_due(self) -> None:
        """Remove the operations of failed attempts that have expired. Blocks for one query."""
        now = time.monotonic()
        if now < self._due_at:
            return
        self._due_at = now + PAUSE_SECONDS
        expired = self._store.expire_failed()
        if expired:
            _LOG.info("%d failed operations had been kept long enough and are gone", expired)
