"""Two cells compared by one metric: both medians, their factor, a paired test, an effect size.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from orchestrator.experiments.plan import Cell
from orchestrator.experiments.samples import Cells, Metric, gains_of, pairs_of, values_of
from orchestrator.experiments.statistics import (
    Interval,
    SignedRank,
    holm,
    median_interval,
    ratio_interval,
    signed_rank,
)
from tasks_schema.kinds import Mode, Sharing


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one cell is to another, over all seeds that both have run with."""

    ours: Cell
    theirs: Cell
    metric: Metric
    pairs: int
    our_median: Interval
    their_median: Interval
    factor: Interval
    """Our median over theirs."""
    test: SignedRank
    """Of the gains: its effect is positive where ours is better."""
    p_corrected: float
    """For the number of tests in the same table."""


def compare(
    cells: Cells, ours: Cell, theirs: Cell, metric: Metric, chance: np.random.Generator
) -> Comparison | None:
    """Return the comparison, its p-value not corrected yet; None if no seed was run in both."""
    pairs = pairs_of(cells.get(ours, ()), cells.get(theirs, ()))
    if not pairs:
        return None
    left, right = values_of(pairs, metric)
    test = signed_rank(gains_of(left, right, metric))
    return Comparison(
        ours=ours,
        theirs=theirs,
        metric=metric,
        pairs=len(pairs),
        our_median=median_interval(left, chance),
        their_median=median_interval(right, chance),
        factor=ratio_interval(left, right, chance),
        test=test,
        p_corrected=test.p_value,
    )


def corrected(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons of one table with p-values corrected for how many there are."""
    p_values = holm([each.test.p_value for each in comparisons])
    return [
        replace(each, p_corrected=p_value)
        for each, p_value in zip(comparisons, p_values, strict=True)
    ]


def against_modes(cells: Cells, chance: np.random.Generator) -> list[Comparison]:
    """Return mode `swarm` against the two others: every instance, every metric."""
    return corrected(list(_against_modes(cells, chance)))


def against_sharing(cells: Cells, chance: np.random.Generator) -> list[Comparison]:
    """Return what a swarm that shares all is to those that share less."""
    found = [
        compare(cells, replace(cell, sharing=Sharing.BOTH), cell, metric, chance)
        for cell in cells
        if cell.sharing is not Sharing.BOTH
        for metric in Metric
    ]
    return corrected([each for each in found if each is not None])


def _against_modes(cells: Cells, chance: np.random.Generator) -> Iterator[Comparison]:
    for cell in cells:
        if cell.mode is not Mode.SWARM:
            continue
        for mode in (Mode.PARALLEL, Mode.SINGLE):
            for metric in Metric:
                found = compare(cells, cell, replace(cell, mode=mode), metric, chance)
                if found is not None:
                    yield found
