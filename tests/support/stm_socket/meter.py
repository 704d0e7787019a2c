"""Counts of what a client sends: a proxy on a thread of its own that passes everything on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.stm_socket.proxy import Flight, Lane, Proxy

_TURN_SECONDS_MAX = 5.0


class Tally:
    """What went over a lane in one section of a test."""

    def __init__(self, flights: list[Flight]) -> None:
        self.flights = flights

    @property
    def commands(self) -> int:
        """Return how many commands that was."""
        return sum(len(flight.commands) for flight in self.flights)

    def __len__(self) -> int:
        return len(self.flights)

    def __repr__(self) -> str:
        return " | ".join(f"#{each.connection} {' '.join(each.names)}" for each in self.flights)


class Meter:
    """A server's address that counts what passes."""

    def __init__(self, url: str) -> None:
        self._proxy = Proxy(url)
        self._lane: Lane = self._proxy.lane()
        self.url = self._lane.url
        self._bell, self._rung = socket.socketpair()
        self._is_settled = threading.Event()
        self._proxy.attend(self._rung, self._settle)
        self._is_closing = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def settle(self) -> None:
        """Return when all that clients have sent so far is counted."""
        self._is_settled.clear()
        self._bell.send(b".")
        assert self._is_settled.wait(10)

    @property
    def flights(self) -> list[Flight]:
        """Return all flights so far."""
        self.settle()
        return list(self._lane.flights)

    def since(self, mark: int) -> Tally:
        """Return what came after the first so many flights."""
        return Tally(self.flights[mark:])

    def close(self) -> None:
        """Break all connections."""
        self._is_closing = True
        self._bell.send(b".")
        self._thread.join(10)
        self._proxy.close()
        self._bell.close()
        self._rung.close()

    def _settle(self) -> None:
        self._rung.recv(64)
        # The select that saw the bell saw everything sent before it, but may serve it after.
        self._proxy.turn(0)
        self._is_settled.set()

    def _run(self) -> None:
        while not self._is_closing:
            self._proxy.turn(_TURN_SECONDS_MAX)


@contextmanager
def metered(url: str) -> Iterator[Meter]:
    """Lend a meter before a server."""
    meter = Meter(url)
    try:
        yield meter
    finally:
        meter.close()
