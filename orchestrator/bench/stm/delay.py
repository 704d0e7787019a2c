"""A network farther away than the loopback: replies are held back, for all clients alike."""

import time
from typing import Any

from redis.connection import Connection
from typing_extensions import override


def wait_until(instant: float) -> None:
    """Block until `time.perf_counter` has reached the instant."""
    remaining = instant - time.perf_counter()
    if remaining > 0:
        time.sleep(remaining)  # noqa: TID251 - this is the network


class DelayedConnection(Connection):
    """The usual client's connection, on which no reply is seen before its round trip is over."""

    def __init__(self, *, round_trip_seconds: float, **options: Any) -> None:
        """Take the round trip, and what the usual connection takes."""
        self._round_trip_seconds = round_trip_seconds
        self._sent_at = 0.0
        super().__init__(**options)  # type: ignore[no-untyped-call]

    @override
    def send_packed_command(self, *arguments: Any, **options: Any) -> None:
        """Send, and note when."""
        super().send_packed_command(*arguments, **options)  # type: ignore[no-untyped-call]
        self._sent_at = time.perf_counter()

    @override
    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Return a reply, not before its time."""
        try:
            return super().read_response(*arguments, **options)
        finally:
            wait_until(self._sent_at + self._round_trip_seconds)
