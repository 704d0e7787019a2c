"""Litmus tests: small casts of transactions, and every outcome that some serial order gives.

A cast says what each actor does: one body, or several in sequence, each a transaction. `flights` is
how many flights of each actor the schedules interleave; an actor that needs fewer loses turns, one
that needs more takes them at the end. All outcomes are written down by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from swarm_workers.stm import TCounter, TMap, TQueue, TSet, TVar

Body = Callable[["Cells"], Any]
Outcome = tuple[tuple[Any, ...], Any]
"""What the actors returned, and the final state."""

_WAIT_SECONDS_MAX = 10.0


class Cells:
    """The variables of one play, as one client sees them, and what bodies saw in them."""

    def __init__(self, stm: Any, prefix: str, sightings: set[Any]) -> None:
        self.stm = stm
        self._prefix = prefix
        self.sightings = sightings
        """Of all runs, also of those that did not commit."""

    def var(self, name: str) -> TVar[int]:
        return self.stm.var(f"{self._prefix}/{name}", int, default=0)

    def counter(self, name: str) -> TCounter:
        return self.stm.counter(f"{self._prefix}/{name}")

    def set(self, name: str) -> TSet[str]:
        return self.stm.set(f"{self._prefix}/{name}", str)

    def map(self, name: str) -> TMap[int]:
        return self.stm.map(f"{self._prefix}/{name}", int)

    def queue(self, name: str) -> TQueue[str]:
        return self.stm.queue(f"{self._prefix}/{name}", str)

    def see(self, *values: Any) -> None:
        """Note what a body believes to be true at one moment."""
        self.sightings.add(values)

    def run(self, body: Body) -> Any:
        """Run a body as a transaction; an exception of its own is a value."""
        try:
            return self.stm.atomically(body, self, timeout_seconds=_WAIT_SECONDS_MAX)
        except LookupError as error:
            return ("raised", *error.args)


@dataclass(frozen=True, slots=True)
class Litmus:
    """One cast."""

    name: str
    cast: tuple[Body | tuple[Body, ...], ...]
    flights: tuple[int, ...]
    final: Body
    outcomes: frozenset[Outcome]
    """All that serial orders give, and no other."""
    is_possible: Callable[..., bool] = lambda *_: True
    """Whether a body may see this."""
    setup: Body = lambda _: None
    reaches_all: bool = True
    """Whether the orders of so many flights are enough for every outcome to occur."""
    waits: bool = False
    """Whether a body may have to wait for the others."""

    def play(self, cells: Cells, actor: int) -> Any:
        """Do one actor's part; return what its bodies returned."""
        part = self.cast[actor]
        if isinstance(part, tuple):
            return tuple(cells.run(body) for body in part)
        return cells.run(part)


def empty(cells: Cells) -> None:
    """Bring all cells that any cast uses back to where they began."""
    for name in "abcw":
        cells.var(name).set(0)
    number, members, entries = cells.counter("n"), cells.set("s"), cells.map("m")
    number.add(-number.value())
    for member in members.members():
        members.remove(member)
    for key in entries.items():
        entries.remove(key)
    for name in ("q", "r"):
        while cells.queue(name).try_pop() is not None:
            pass
