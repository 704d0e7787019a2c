"""The library under test, as its users have it."""

from collections.abc import Callable, Sequence
from typing import Literal

from orchestrator.bench.stm.client import Costs, Probe
from swarm_workers.stm import Stm, TCounter, TVar

Engine = Literal["watch", "function"]


class Ours:
    """The library under test."""

    def __init__(self, url: str, space: str, round_trip_seconds: float, engine: Engine) -> None:
        """Open the space."""
        self.probe = Probe()
        self.stm = Stm.connect(
            url, space, engine=engine, emulated_round_trip_seconds=round_trip_seconds
        )
        self._variables: dict[str, TVar[int]] = {}

    def add_each(self, names: Sequence[str], amounts: Sequence[int]) -> None:
        """Add to variables."""
        variables = [self.variable(name) for name in names]
        self.stm.atomically(_add_each, self.probe, amounts, *variables)
        self.probe.commit()

    def variable(self, name: str) -> TVar[int]:
        """Return the handle of a variable, made once."""
        if name not in self._variables:
            self._variables[name] = self.stm.var(name, int, default=0)
        return self._variables[name]

    def counter(self, name: str) -> TCounter:
        """Return the handle of a counter."""
        return self.stm.counter(name)

    def total(self, names: Sequence[str], saw: Callable[[int], object] = int) -> int:
        """Return a sum."""
        variables = [self.variable(name) for name in names]
        return self.stm.atomically(lambda: _total(variables, saw))

    def costs(self) -> Costs:
        """Return what was spent by the library's own statistics."""
        total = self.stm.statistics().total
        return Costs(total.wasted_seconds, total.overhead_seconds)

    def close(self) -> None:
        """Close the space."""
        self.stm.close()


def _add_each(probe: Probe, amounts: Sequence[int], *variables: TVar[int]) -> None:
    probe.run()
    for variable, amount in zip(variables, amounts, strict=True):
        variable.set(variable.get() + amount)


def _total(variables: Sequence[TVar[int]], saw: Callable[[int], object]) -> int:
    found = sum(variable.get() for variable in variables)
    saw(found)
    return found
