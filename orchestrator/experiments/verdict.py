"""Is shared state worth it? Computed from the runs, by rules that were laid down before them.

A task says yes if the quality of mode `swarm` is at least 10 % better than that of mode `parallel`,
or its time to solution at least 30 % shorter, and coordination takes less than 20 % of the agents'
time. A difference counts only if chance does not explain it: the corrected p-value is below 0.05.

Each seed gives one pair a task: the mean quality over all instances, and the geometric mean of the
times, so that no instance outweighs the others and pairs do not depend on each other.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from orchestrator.experiments.samples import (
    Cells,
    Metric,
    Pair,
    gains_of,
    overheads_of,
    pairs_of,
    solved_count,
    values_of,
)
from orchestrator.experiments.statistics import (
    Interval,
    SignedRank,
    holm,
    median_interval,
    ratio_interval,
    signed_rank,
)
from tasks_schema.kinds import Mode

QUALITY_FACTOR_MIN = 1.10
TIME_FACTOR_MAX = 0.70
OVERHEAD_SHARE_MAX = 0.20
P_MAX = 0.05
_CRITERIA = (Metric.QUALITY, Metric.SECONDS)
"""Of each task: p-values are corrected for all of them together."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One way in which a swarm may be worth it."""

    metric: Metric
    factor: Interval
    """Of mode `swarm` to mode `parallel`."""
    test: SignedRank
    p_corrected: float
    is_large: bool
    """Whether the factor passes its bar, chance or not."""

    @property
    def held(self) -> bool:
        """Say whether it passes its bar, and chance does not explain it."""
        return self.is_large and self.p_corrected < P_MAX


@dataclass(frozen=True, slots=True)
class TaskVerdict:
    """What the runs of one task say."""

    task: str
    seeds: int
    instances: int
    quality: Criterion
    seconds: Criterion
    overhead: Interval | None
    """Coordination's share of the agents' time in mode `swarm`, 0 to 1; None if no run tells."""
    our_solved: int
    """Runs of mode `swarm` that reached the goal, of seeds times instances."""
    their_solved: int
    """The same of mode `parallel`."""

    @property
    def is_cheap(self) -> bool:
        """Say whether coordination is known to take little enough."""
        return self.overhead is not None and self.overhead.value < OVERHEAD_SHARE_MAX

    @property
    def is_worth_it(self) -> bool:
        """Say whether shared state is worth it for this task."""
        return self.is_cheap and (self.quality.held or self.seconds.held)


def judge(cells: Cells, chance: np.random.Generator) -> list[TaskVerdict]:
    """Return the verdict on each task that was run in both modes.

    Args:
        cells: the runs of the comparison, and no others.
        chance: for intervals.
    """
    pairs = _pairs_by_task(cells)
    verdicts = [_judge_task(task, found, chance) for task, found in pairs.items()]
    return _corrected(verdicts)


def least_p_values(verdicts: Sequence[TaskVerdict]) -> dict[str, float]:
    """Return the least corrected p-value that each task could have got with its seeds.

    That is the one it has if all pairs of all tasks differ in the same direction.
    """
    corrected = holm([2.0 ** (1 - each.seeds) for each in verdicts for _ in _CRITERIA])
    return {
        verdict.task: corrected[len(_CRITERIA) * index] for index, verdict in enumerate(verdicts)
    }


def _pairs_by_task(cells: Cells) -> dict[str, list[Pair]]:
    found: defaultdict[str, list[Pair]] = defaultdict(list)
    for cell, samples in cells.items():
        if cell.mode is Mode.SWARM:
            theirs = cells.get(replace(cell, mode=Mode.PARALLEL), ())
            found[cell.task] += pairs_of(samples, theirs)
    return {task: _whole_seeds(pairs) for task, pairs in found.items() if pairs}


def _whole_seeds(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs of seeds that were run on as many instances as any: others are unfinished.

    A mean over other instances would be another figure.
    """
    counts = Counter(ours.seed for ours, _ in pairs)
    whole = max(counts.values())
    return [pair for pair in pairs if counts[pair[0].seed] == whole]


def _judge_task(task: str, pairs: Sequence[Pair], chance: np.random.Generator) -> TaskVerdict:
    ours, theirs = [left for left, _ in pairs], [right for _, right in pairs]
    our_solved, their_solved = solved_count(ours), solved_count(theirs)
    shares = [overhead.share for overhead in overheads_of(ours)]
    quality = _criterion(Metric.QUALITY, pairs, np.mean, chance)
    seconds = _criterion(Metric.SECONDS, pairs, _geometric_mean, chance)
    if our_solved < their_solved:
        # Quicker where it gets there, but there less often: that is another thing than quicker.
        seconds = replace(seconds, is_large=False)
    return TaskVerdict(
        task=task,
        seeds=len({sample.seed for sample in ours}),
        instances=len({sample.cell.instance for sample in ours}),
        quality=quality,
        seconds=seconds,
        overhead=median_interval(shares, chance) if shares else None,
        our_solved=our_solved,
        their_solved=their_solved,
    )


def _criterion(
    metric: Metric,
    pairs: Sequence[Pair],
    together: Callable[[Sequence[float]], float],
    chance: np.random.Generator,
) -> Criterion:
    by_seed: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_seed[pair[0].seed].append(pair)
    ours, theirs = [], []
    for _, group in sorted(by_seed.items()):
        left, right = values_of(group, metric)
        ours.append(float(together(left)))
        theirs.append(float(together(right)))
    factor = ratio_interval(ours, theirs, chance)
    test = signed_rank(gains_of(ours, theirs, metric))
    passes = (
        factor.value <= TIME_FACTOR_MAX if metric.is_cost else factor.value >= QUALITY_FACTOR_MIN
    )
    return Criterion(metric, factor, test, test.p_value, passes)


def _corrected(verdicts: Sequence[TaskVerdict]) -> list[TaskVerdict]:
    """Return the verdicts with p-values corrected for the number of criteria of all tasks."""
    p_values = holm([c.test.p_value for v in verdicts for c in (v.quality, v.seconds)])
    return [
        replace(
            verdict,
            quality=replace(verdict.quality, p_corrected=p_values[2 * index]),
            seconds=replace(verdict.seconds, p_corrected=p_values[2 * index + 1]),
        )
        for index, verdict in enumerate(verdicts)
    ]


def _geometric_mean(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(np.maximum(values, 1e-9)))))
