"""One duty of the worker's main process, done again and again in a thread of its own."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from tasks_schema.errors import SwarmError

BACK_OFF_SECONDS_MAX: Final = 5.0
"""The longest that a duty waits before it is tried again after a failure."""
_BACK_OFF_SECONDS_MIN: Final = 0.1
_log = logging.getLogger(__name__)


class Loop:
    """Calls a step until it is stopped, whatever the step raises.

    A daemon thread: a worker that is told to end at once is not held up by it.
    """

    def __init__(
        self, name: str, step: Callable[[], float], finish: Callable[[], None] | None = None
    ) -> None:
        """Prepare, but do not start.

        Args:
            name: of the thread, and of the duty in the log.
            step: does the duty once and returns after how many seconds to do it again.
            finish: is called once in the same thread after the last step.
        """
        self._name = name
        self._step = step
        self._finish = finish
        self._stopping = Event()
        self._failures = 0
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start at once with the first step."""
        self._thread.start()

    def stop(self, seconds_max: float) -> None:
        """End after the step that runs now and the finish. Blocks at most `seconds_max`."""
        self._stopping.set()
        self._thread.join(seconds_max)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = self._try(self._step)
        if self._finish is not None:
            self._try(self._finish)

    def _try(self, step: Callable[[], float | None]) -> float:
        """Return the seconds to wait before the next step; longer with every failure in a row."""
        try:
            pause = step() or 0.0
        except Exception as error:  # noqa: BLE001  # a duty that ends unseen is worse than any error
            self._failures += 1
            self._log_failure(error)
            return min(BACK_OFF_SECONDS_MAX, _BACK_OFF_SECONDS_MIN * 2.0 ** min(self._failures, 10))
        if self._failures:
            _log.info("%s works again after %d failures", self._name, self._failures)
            self._failures = 0
        return pause

    def _log_failure(self, error: Exception) -> None:
        if not isinstance(error, SwarmError):
            _log.error("%s failed", self._name, exc_info=error)
        elif self._failures == 1:
            _log.warning("%s waits: %s", self._name, error)
