"""A network farther away than the loopback: every flight is answered later, for all clients alike.

The library under test does the same by `emulated_round_trip_seconds`: it sleeps for a round trip
after the first reply of a flight has come.
"""

import time
from typing import Any

from redis.connection import Connection
from typing_extensions import override


def travel(seconds: float) -> None:
    """Block for as long as a flight is under way; 0 is no distance."""
    if seconds:
        time.sleep(seconds)  # noqa: TID251 - this is the network


class DelayedConnection(Connection):
    """The usual client's connection, seen from farther away."""

    def __init__(self, *, round_trip_seconds: float, **options: Any) -> None:
        """Take the round trip, and what the usual connection takes."""
        self._round_trip_seconds = round_trip_seconds
        self._is_asking = False
        super().__init__(**options)  # type: ignore[no-untyped-call]

    @override
    def send_packed_command(self, *arguments: Any, **options: Any) -> None:
        """Send; the next reply ends a flight."""
        self._is_asking = True
        super().send_packed_command(*arguments, **options)  # type: ignore[no-untyped-call]

    @override
    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Return a reply; the first of a flight has a way to go."""
        try:
            return super().read_response(*arguments, **options)
        finally:
            if self._is_asking:
                self._is_asking = False
                travel(self._round_trip_seconds)
