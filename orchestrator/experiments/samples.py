"""Runs as numbers that can be compared: one value a run and metric, paired by seed.

Pure: no I/O, no clock, no chance.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.experiments.measures import RunMeasures
from orchestrator.experiments.overhead import Overhead
from orchestrator.experiments.plan import Cell


class Metric(StrEnum):
    """What runs are compared by."""

    QUALITY = "quality"  #: Higher is better.
    SECONDS = "seconds to solution"  #: Lower is better.
    EVALUATIONS = "evaluations to solution"  #: Lower is better.

    @property
    def is_cost(self) -> bool:
        """Say whether lower is better."""
        return self is not Metric.QUALITY


@dataclass(frozen=True, slots=True)
class Sample:
    """One run whose figures count."""

    cell: Cell
    seed: int
    measures: RunMeasures
    overhead: Overhead | None
    """None where the figures of its transactions were lost: unknown, which is not 0."""

    def value(self, metric: Metric) -> float:
        """Return the run's figure; a run without a solution has cost all that it had, at least."""
        task = self.measures.task
        if metric is Metric.QUALITY:
            return task.quality
        if metric is Metric.SECONDS:
            return self.measures.seconds if self.is_cut(metric) else task.seconds_to_solution or 0
        return task.evaluations if self.is_cut(metric) else task.evaluations_to_solution or 0

    def is_cut(self, metric: Metric) -> bool:
        """Say whether the solution lies beyond the end of the run."""
        return metric.is_cost and not self.measures.task.is_solved


Pair = tuple[Sample, Sample]
Cells = Mapping[Cell, Sequence[Sample]]


def by_cell(samples: Iterable[Sample]) -> dict[Cell, list[Sample]]:
    """Return the runs of each cell, by seed."""
    found: defaultdict[Cell, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda each: each.seed):
        found[sample.cell].append(sample)
    return dict(found)


def pairs_of(ours: Sequence[Sample], theirs: Sequence[Sample]) -> list[Pair]:
    """Return the runs of two cells that have the same seed; others are left out."""
    known = {sample.seed: sample for sample in theirs}
    return [(sample, known[sample.seed]) for sample in ours if sample.seed in known]


def values_of(pairs: Sequence[Pair], metric: Metric) -> tuple[list[float], list[float]]:
    """Return both figures of each pair; a run without a solution never costs less than the other.

    What it had spent when it ended says nothing of what it would have needed: so it counts with
    the greater of both costs, and a tie is the best that it can get.
    """
    ours, theirs = [], []
    for left, right in pairs:
        here, there = left.value(metric), right.value(metric)
        most = max(here, there)
        ours.append(float(most if left.is_cut(metric) else here))
        theirs.append(float(most if right.is_cut(metric) else there))
    return ours, theirs


def gains_of(ours: Sequence[float], theirs: Sequence[float], metric: Metric) -> list[float]:
    """Return by how much ours is better in each pair: positive if it is, whatever the metric."""
    sign = -1.0 if metric.is_cost else 1.0
    return [sign * (left - right) for left, right in zip(ours, theirs, strict=True)]


def overheads_of(samples: Iterable[Sample]) -> list[Overhead]:
    """Return what coordination cost in each run of which that is known."""
    return [sample.overhead for sample in samples if sample.overhead is not None]


def solved_count(samples: Iterable[Sample]) -> int:
    """Return how many runs reached the task's goal."""
    return sum(sample.measures.task.is_solved for sample in samples)


def figures(samples: Sequence[Sample], of: Callable[[Sample], float]) -> list[float]:
    """Return one figure of each run."""
    return [of(sample) for sample in samples]
