"""When to leave a slice before its end: asked after every candidate, so it must cost nothing."""

import logging
import time
from collections.abc import Callable

from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.stm import StmUnavailableError

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5


class StopSigns:
    """True when the swarm is over, the head moved on, or this attempt's time is."""

    def __init__(
        self,
        is_over: Callable[[], bool],
        shared: SharedState,
        landing: int,
        seconds_max: float,
    ) -> None:
        """Start the clock.

        Args:
            is_over: says, without a round trip, whether the swarm is over.
            shared: where the head is looked up, twice a second at most.
            landing: the head that this attempt works on.
            seconds_max: wall-clock seconds that it may take.
        """
        self._is_over = is_over
        self._shared = shared
        self._landing = landing
        self._ends_at = time.monotonic() + seconds_max
        self._look_at = time.monotonic() + _LOOK_SECONDS

    def __call__(self) -> bool:
        """Say whether to stop."""
        now = time.monotonic()
        if self._is_over() or now >= self._ends_at:
            return True
        if now < self._look_at:
            return False
        self._look_at = now + _LOOK_SECONDS
        try:
            head = self._shared.stm.atomically(self._shared.head.get)
        except StmUnavailableError as error:
            _LOG.warning("whether the head moved is not known: %s", error)
            return False  # what is being tried is worth no less for that
        return head is not None and head.landing != self._landing
