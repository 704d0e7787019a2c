"""What samples say of each other: medians with intervals, a paired test, an effect size.

Runs are paired by their seed, so the tests look at differences within pairs. Nothing is assumed of
the distributions but that, where there is no effect, a difference is as likely as its opposite.

Pure: no I/O, no clock, no chance.
Sources: Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; Wilcoxon, "Individual
Comparisons by Ranking Methods", 1945; Kerby, "The Simple Difference Formula", 2014; Holm, "A
Simple Sequentially Rejective Multiple Test Procedure", 1979.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
"""Samples drawn for one interval: its ends then vary by about a hundredth of its length."""
LEVEL = 0.95
"""Of all intervals."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A number that was estimated, and where the true one probably lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SignedRank:
    """How surprising the differences within pairs are, if the pair's order meant nothing."""

    p_value: float
    """Two-sided and exact; 1 if no pair differs."""
    effect: float
    """Matched-pairs rank-biserial correlation: 1 if every difference is positive, -1 if none is."""
    pairs: int
    """Pairs that differ: the others say nothing and are left out."""


def median_interval(values: Sequence[float], chance: np.random.Generator) -> Interval:
    """Return the median of a sample, with its percentile bootstrap interval.

    Args:
        values: at least one.
        chance: seeded by the caller, so that a report can be made again.
    """
    sample = np.asarray(values, dtype=np.float64)
    medians = np.median(sample[_resampled(len(sample), chance)], axis=1)
    return _around(float(np.median(sample)), medians)


def median_band(
    curves: Sequence[Sequence[float]], chance: np.random.Generator
) -> tuple[Numbers, Numbers, Numbers]:
    """Return median, low and high of curves at each of their points: one curve a run."""
    table = np.asarray(curves, dtype=np.float64)
    medians = np.median(table[_resampled(len(table), chance)], axis=1)
    low, high = np.quantile(medians, _tails(), axis=0)
    return np.median(table, axis=0), low, high


def ratio_interval(
    ours: Sequence[float], theirs: Sequence[float], chance: np.random.Generator
) -> Interval:
    """Return by what factor the median of `ours` is that of `theirs`; pairs stay together.

    Where the median of `theirs` is 0 the factor is 1 if both are, else infinite.
    """
    left = np.asarray(ours, dtype=np.float64)
    right = np.asarray(theirs, dtype=np.float64)
    drawn = _resampled(len(left), chance)
    factors = _ratio(np.median(left[drawn], axis=1), np.median(right[drawn], axis=1))
    return _around(float(_ratio(np.median(left), np.median(right))), factors)


def signed_rank(differences: Sequence[float]) -> SignedRank:
    """Return Wilcoxon's signed-rank test of differences within pairs.

    The p-value is exact also where differences are equal in size: their mean ranks are doubled,
    which makes them whole numbers, and the distribution over all signs is built up one by one.
    """
    apart = np.asarray([each for each in differences if each], dtype=np.float64)
    if not len(apart):
        return SignedRank(p_value=1.0, effect=0.0, pairs=0)
    doubled = _doubled_ranks(np.abs(apart))
    total = int(doubled.sum())
    positive = int(doubled[apart > 0].sum())
    tail = _share_at_most(doubled, min(positive, total - positive))
    effect = (2 * positive - total) / total
    return SignedRank(min(1.0, 2 * tail), effect, len(apart))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the order given; each at most 1."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        least = max(least, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = least
    return corrected


def _resampled(size: int, chance: np.random.Generator) -> NDArray[np.int64]:
    assert size > 0, "there is nothing to draw from"
    return chance.integers(0, size, (RESAMPLES, size))


def _around(value: float, drawn: Numbers) -> Interval:
    # Infinite factors are kept: an interval that reaches them says so.
    low, high = np.quantile(drawn, _tails(), method="nearest")
    return Interval(value, float(low), float(high))


def _tails() -> tuple[float, float]:
    return (1 - LEVEL) / 2, (1 + LEVEL) / 2


def _ratio(over: Numbers | np.float64, under: Numbers | np.float64) -> Numbers:
    above, below = np.atleast_1d(over), np.atleast_1d(under)
    empty = np.where(above == 0, 1.0, np.inf)
    return np.where(below == 0, empty, above / np.where(below == 0, 1.0, below)).squeeze()


def _doubled_ranks(sizes: Numbers) -> NDArray[np.int64]:
    """Return twice the rank of each size; those that are equal share the mean of theirs."""
    _, where, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (2 * last - counts + 1)[where]


def _share_at_most(doubled: NDArray[np.int64], limit: int) -> float:
    """Return the share of all choices of signs whose positive ranks add up to at most `limit`."""
    shares = np.zeros(int(doubled.sum()) + 1)
    shares[0] = 1.0
    for rank in doubled:
        raised = np.concatenate([np.zeros(rank), shares[:-rank]])
        shares = (shares + raised) / 2
    return float(shares[: limit + 1].sum())
