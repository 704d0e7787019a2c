"""How long is waited, and for what: the time of a transaction, and the patience with a server."""

import time
from collections.abc import Callable

from swarm_workers.stm.errors import StmUnavailableError, TransactionTimeoutError

UNAVAILABLE_SECONDS_MAX = 10.0
_PAUSE_SECONDS_FIRST = 0.05
_PAUSE_SECONDS_MAX = 1.0


class Deadline:
    """The time given to one transaction."""

    def __init__(self, seconds: float | None) -> None:
        """Start now. None means no limit."""
        self._seconds = seconds
        self._ends_at = None if seconds is None else time.monotonic() + seconds

    def remaining_seconds(self) -> float | None:
        """Return what is left, at least 0; None means no limit."""
        if self._ends_at is None:
            return None
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    def at_most(self, seconds: float) -> float:
        """Return the time, or what is left if that is less; at least 1 ms."""
        left = self.remaining_seconds()
        return max(0.001, seconds if left is None else min(seconds, left))

    def check(self, doing: str) -> None:
        """Raise TransactionTimeoutError if the time is over."""
        if self.is_over:
            raise TransactionTimeoutError(self._seconds or 0.0, doing)


class Patience:
    """How a series of failed connections is borne: at once, then ever longer pauses, then not."""

    def __init__(
        self,
        is_closed: Callable[[], bool],
        deadline: Deadline,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Expect no failure.

        Args:
            is_closed: says whether the library was closed; there is no patience then.
            deadline: of the transaction, which may end sooner than the patience.
            monotonic: the clock, in seconds.
        """
        self._is_closed = is_closed
        self._deadline = deadline
        self._monotonic = monotonic
        self._first_at = 0.0
        self._latest_at = 0.0
        self._failures = 0
        """Of this series."""
        self._has_answered = False
        """Whether the server has answered since the latest failure."""

    def at_most(self, seconds: float) -> float:
        """Return the time, or what the transaction has left if that is less."""
        return self._deadline.at_most(seconds)

    def check(self, doing: str) -> None:
        """Raise TransactionTimeoutError if the transaction's time is over."""
        self._deadline.check(doing)

    def reset(self) -> None:
        """Forget the failures: the server has answered what matters."""
        self._failures = 0

    def note_answer(self) -> None:
        """The server has answered something, so a failure much later is another matter."""
        self._has_answered = True

    def pause_after(self, error: Exception, *, committed: bool | None = False) -> float:
        """Return how many seconds to pause after a failure: 0 the first time, at most 1.

        Args:
            error: what the connection met.
            committed: None while the outcome of a commit is open; the deadline then does not count.

        Raises:
            StmUnavailableError: it has failed for 10 s in a row, or the library was closed.
            TransactionTimeoutError: the transaction's time is over.
        """
        self._count(self._monotonic())
        if self._is_closed():
            raise StmUnavailableError("this Stm was closed", committed=committed) from error
        failing_seconds = self._latest_at - self._first_at
        if failing_seconds >= UNAVAILABLE_SECONDS_MAX:
            reason = f"{error} (tried {self._failures} times in {failing_seconds:.1f} s)"
            raise StmUnavailableError(reason, committed=committed) from error
        if committed is not None:
            self._deadline.check(f"Redis did not answer ({error})")
        return self._pause_seconds()

    def _count(self, now: float) -> None:
        # A body may compute for long between two flights: what failed before is another series.
        is_old = self._has_answered and now - self._latest_at > UNAVAILABLE_SECONDS_MAX
        if is_old or not self._failures:
            self._first_at, self._failures = now, 0
        self._has_answered = False
        self._latest_at = now
        self._failures += 1

    def _pause_seconds(self) -> float:
        if self._failures == 1:
            return 0.0
        return float(min(_PAUSE_SECONDS_MAX, _PAUSE_SECONDS_FIRST * 2 ** (self._failures - 2)))
