"""The lines and areas of the plots, as numbers.

Pure: no I/O, no clock, no chance.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestrator.experiments.plan import Cell
from orchestrator.experiments.samples import Metric, Sample, overheads_of
from orchestrator.experiments.statistics import Numbers, median_band, median_interval

_STEPS = 80
"""Points of a line."""


@dataclass(frozen=True, slots=True)
class Band:
    """A line, and where it probably lies."""

    x: Numbers
    middle: Numbers
    low: Numbers
    high: Numbers


def quality_band(runs: Sequence[Sample], chance: np.random.Generator) -> Band:
    """Return the median quality of runs over the evaluations that they had spent.

    A run that ended early keeps the quality that it had.
    """
    most = max(run.measures.task.evaluations for run in runs)
    at = np.linspace(0, most, _STEPS)
    middle, low, high = median_band([_quality_at(run, at) for run in runs], chance)
    return Band(at, middle, low, high)


def solved_share(runs: Sequence[Sample]) -> tuple[list[float], list[float]]:
    """Return the seconds after which runs were solved, and the share solved by then."""
    times = sorted(run.value(Metric.SECONDS) for run in runs if run.measures.task.is_solved)
    longest = max(run.measures.seconds for run in runs)
    steps = [(index + 1) / len(runs) for index in range(len(times))]
    return [0.0, *times, longest], [0.0, *steps, steps[-1] if steps else 0.0]


def figure_band(
    cells: Mapping[Cell, Sequence[Sample]],
    x_of: Mapping[Cell, float],
    figure: str,
    chance: np.random.Generator,
) -> Band:
    """Return the median of one figure over cells, in the order of x, where it is known.

    Args:
        cells: one a point.
        x_of: where each stands.
        figure: `overhead` or `quality`.
        chance: for intervals.
    """
    known = {x_of[cell]: values for cell, runs in cells.items() if (values := _all(runs, figure))}
    found = {x: median_interval(known[x], chance) for x in sorted(known)}
    return Band(
        x=np.asarray([*found]),
        middle=np.asarray([each.value for each in found.values()]),
        low=np.asarray([each.low for each in found.values()]),
        high=np.asarray([each.high for each in found.values()]),
    )


def visits(run: Sample) -> Numbers:
    """Return how often each column of regions was searched, as rows of y and columns of x."""
    explored: Any = run.measures.task.detail.get("explored", ())
    counts: Counter[tuple[int, int]] = Counter()
    for x, y, *_, count in explored:
        counts[(y, x)] += count
    side = 1 + max((max(place) for place in counts), default=0)
    grid = np.zeros((side, side))
    for place, count in counts.items():
        grid[place] = count
    return grid


def _quality_at(run: Sample, at: Numbers) -> list[float]:
    curve = run.measures.task.curve
    spent = [point.evaluations for point in curve]
    indices = (bisect_right(spent, x) - 1 for x in at)
    return [curve[index].quality if index >= 0 else 0.0 for index in indices]


def _all(runs: Sequence[Sample], figure: str) -> list[float]:
    if figure == "overhead":
        return [overhead.share for overhead in overheads_of(runs)]
    return [run.value(Metric.QUALITY) for run in runs]
