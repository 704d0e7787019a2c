"""What every client that is measured can do."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Costs:
    """What a client has spent so far, in seconds."""

    wasted: float
    """On runs of bodies that did not hold."""
    coordination: float = 0.0
    """By the client's own statistics; 0 where it has none."""

    def since(self, before: "Costs") -> "Costs":
        """Return what was spent after an earlier look."""
        return Costs(self.wasted - before.wasted, self.coordination - before.coordination)


class Probe:
    """Counts runs of bodies, and the time from the first to the last run of a transaction."""

    def __init__(self) -> None:
        """Nothing ran yet."""
        self.attempts = 0
        self.wasted_seconds = 0.0
        self._first_at = 0.0
        self._latest_at = 0.0

    def run(self) -> None:
        """A body begins."""
        self.attempts += 1
        self._latest_at = time.perf_counter()
        self._first_at = self._first_at or self._latest_at

    def commit(self) -> None:
        """The transaction is over."""
        self.wasted_seconds += self._latest_at - self._first_at
        self._first_at = 0.0


class Client(Protocol):
    """What every peer can do; names are of integer variables that begin at 0."""

    probe: Probe

    def add_each(self, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Read some variables and write each back with its amount added: one transaction."""
        ...

    def total(self, names: Sequence[str], saw: Callable[[int], object] = int) -> int:
        """Return the sum of some variables; tell `saw` what each run of the body made of it."""
        ...

    def costs(self) -> Costs:
        """Return what was spent so far."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
