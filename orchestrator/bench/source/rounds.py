"""Ways to do one thing, taken in turns: noise of the machine then hits all of them alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.bench.report import Bar

Way = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds that each way took in each round."""

    seconds: Mapping[str, list[float]]

    def median(self, way: str) -> float:
        """Return the median seconds of one way."""
        return statistics.median(self.seconds[way])

    def ratio(self, way: str, peer: str) -> float:
        """Return how many times as long as its peer a way took: the median over the rounds."""
        pairs = zip(self.seconds[way], self.seconds[peer], strict=True)
        return statistics.median(own / other for own, other in pairs)

    def rows(self, subject: str, **values: Any) -> list[dict[str, Any]]:
        """Return one row a way."""
        return [
            {"of": subject, "way": way, "median_ms": 1000 * self.median(way), "rounds": len(taken)}
            | values
            for way, taken in self.seconds.items()
        ]


def in_turns(
    ways: Mapping[str, Way],
    rounds: int,
    *,
    before: Way | None = None,
    clock: Clock = time.perf_counter,
) -> Rounds:
    """Time ways in turns, after one round that does not count. Blocks.

    Args:
        ways: what to time, by name.
        rounds: how often each.
        before: is called before each timing, beside the clock.
        clock: in seconds; `time.process_time` where nothing is waited for.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            if before is not None:
                before()
            taken = _timed(way, clock)
            if number:
                seconds[name].append(taken)
    return Rounds(seconds)


def _timed(way: Way, clock: Clock) -> float:
    """Return the seconds that one call takes, without collecting what other ways left behind."""
    gc.collect()
    gc.disable()
    try:
        began = clock()
        way()
        return clock() - began
    finally:
        gc.enable()


def at_most(name: str, figure: float, limit: float, unit: str) -> Bar:
    """Return the bar that a figure must not be above."""
    return Bar(name, f"<= {limit:g} {unit}", figure, figure <= limit)


def at_least(name: str, figure: float, limit: float, unit: str) -> Bar:
    """Return the bar that a figure must not be below."""
    return Bar(name, f">= {limit:g} {unit}", figure, figure >= limit)
