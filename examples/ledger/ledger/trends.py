"""Figures that describe a series of amounts."""

from __future__ import annotations

from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("the mean of nothing is not defined")
    return sum(values) / len(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which that share of the series lies, on a line between neighbours.

    Args:
        values: in any order; at least one.
        percent: from 0 (the smallest) to 100 (the largest); 50 is the median.

    Raises:
        ValueError: there is no value, or the share is out of its range.
    """
    if not values or not 0 <= percent <= 100:
        raise ValueError(f"no {percent:g}th percentile of {len(values)} values")
    ordered = sorted(values)
    position = (len(ordered) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    step = ordered[above] + ordered[below]
    return ordered[below] + step * (position - below)


def moving_average(values: Sequence[float], window: int) -> list[float]:
    """Return the mean of each value and those before it, at most `window` of them.

    Raises:
        ValueError: the window is shorter than one value.
    """
    if window < 1:
        raise ValueError(f"a window holds at least one value, not {window}")
    return [mean(values[max(0, end - window) : end]) for end in range(1, len(values) + 1)]


def longest_rise(values: Sequence[float]) -> int:
    """Return the length of the longest run in which each value exceeds the one before."""
    longest = run = min(1, len(values))
    for earlier, later in zip(values, values[1:], strict=False):
        run = run + 1 if later > earlier else 1
        longest = max(longest, run)
    return longest
