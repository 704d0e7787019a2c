"""Time as an argument: the one file of the fleet that reads a clock."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back."""
        ...

    def cpu_seconds(self) -> float:
        """Return the processor time that this process has used, its threads together."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block for this many seconds."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back."""
        return time.monotonic()

    def cpu_seconds(self) -> float:
        """Return the processor time that this process has used, its threads together."""
        return time.process_time()

    def sleep(self, seconds: float) -> None:
        """Block for this many seconds."""
        time.sleep(seconds)
