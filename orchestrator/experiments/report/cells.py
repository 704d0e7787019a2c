"""The cells of a table: what came of some runs, and what they cost.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Sequence
from statistics import median

import numpy as np

from orchestrator.experiments.report.markdown import NONE, interval, number, share
from orchestrator.experiments.samples import Metric, Sample, figures, overheads_of, solved_count
from orchestrator.experiments.statistics import median_interval


def outcome(runs: Sequence[Sample], chance: np.random.Generator) -> tuple[str, ...]:
    """Return quality, runs solved, seconds and evaluations to solution, and redundant work."""
    return (
        interval(median_interval(figures(runs, lambda each: each.value(Metric.QUALITY)), chance)),
        f"{solved_count(runs)} of {len(runs)}",
        _to_solution(runs, Metric.SECONDS),
        _to_solution(runs, Metric.EVALUATIONS),
        f"{median(figures(runs, lambda each: each.measures.task.redundant)):.0%}",
    )


def seconds_to_solution(runs: Sequence[Sample]) -> float | None:
    """Return the median over all runs; None if half of them or more found no solution."""
    return _middle(runs, Metric.SECONDS)


def _to_solution(runs: Sequence[Sample], metric: Metric) -> str:
    middle = _middle(runs, metric)
    return NONE if middle is None else number(middle)


def _middle(runs: Sequence[Sample], metric: Metric) -> float | None:
    """Return the median over all runs, those without a solution being the longest of all."""
    middle = median(
        run.value(metric) if run.measures.task.is_solved else float("inf") for run in runs
    )
    return None if middle == float("inf") else middle


def detail_share(runs: Sequence[Sample], key: str) -> str:
    """Return the median of a share that a task tells in its `detail`, in the runs that have it."""
    details = [run.measures.task.detail for run in runs]
    found = [float(str(detail[key])) for detail in details if detail.get(key) is not None]
    return f"{median(found):.0%}" if found else NONE


def overhead(runs: Sequence[Sample], chance: np.random.Generator) -> str:
    """Return coordination's share of the agents' time, in the runs of which it is known."""
    shares = [each.share for each in overheads_of(runs)]
    return share(median_interval(shares, chance)) if shares else NONE


def overhead_causes(runs: Sequence[Sample]) -> tuple[str, ...]:
    """Return the agents' seconds, and those of coordination by cause: medians over runs."""
    known = overheads_of(runs)
    if not known:
        return (NONE,) * 5
    return (
        number(median(each.agent_seconds for each in known)),
        f"{median(each.network_seconds for each in known):.3f}",
        f"{median(each.wasted_seconds for each in known):.3f}",
        f"{median(each.queue_seconds for each in known):.3f}",
        f"{median(each.blocked_seconds for each in known):.3f}",
    )


def costs(runs: Sequence[Sample], chance: np.random.Generator) -> tuple[str, ...]:
    """Return what the runs of one mode cost: effort, money, coordination."""
    tasks = [run.measures.task for run in runs]
    tokens = [task.tokens for task in tasks if task.tokens is not None]
    dollars = [task.dollars for task in tasks if task.dollars is not None]
    quality = sum(task.quality for task in tasks)
    cpu = [task.cpu_seconds for task in tasks]
    repeats = [each.repeats_per_commit for each in overheads_of(runs)]
    return (
        number(median(task.evaluations for task in tasks)),
        number(median(cpu)),
        number(median(task.quality / max(1e-9, task.cpu_seconds) for task in tasks)),
        number(median(tokens)) if tokens else NONE,
        number(median(dollars)) if dollars else NONE,
        number(quality / sum(dollars)) if sum(dollars) else NONE,
        overhead(runs, chance),
        f"{median(repeats):.3f}" if repeats else NONE,
    )
