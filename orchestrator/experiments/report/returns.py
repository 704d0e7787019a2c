"""Where more agents cease to bring more: sentences made from the sweep over sizes.

A size is held against the best of all smaller ones, not against the one before it: a median that
only makes up for a bad one before it brings nothing.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from orchestrator.experiments.plan import Cell
from orchestrator.experiments.report.cells import seconds_to_solution
from orchestrator.experiments.report.markdown import number
from orchestrator.experiments.report.material import TaskMaterial
from orchestrator.experiments.samples import Metric, Sample, figures
from orchestrator.experiments.study import Study

_GAIN_MIN = 1.02
"""More agents that bring less than two per cent bring nothing to speak of."""


def returns(material: TaskMaterial) -> Iterator[str]:
    """Yield from how many agents on more bring next to nothing, in quality and in time."""
    cells = material.swarm_cells(Study.SWEEP)
    ordered = sorted(cells, key=lambda cell: cell.agents)
    if len(ordered) < 2:
        return
    quality = {cell: _median_quality(cells[cell]) for cell in ordered}
    yield (
        f"{material.task.quality_name.capitalize()} by agents ({_steps(quality)}): "
        f"{_last_useful(quality)}."
    )
    found = {cell: seconds_to_solution(cells[cell]) for cell in ordered}
    seconds = {cell: value for cell, value in found.items() if value is not None}
    if len(seconds) > 1:
        yield (
            f"Seconds to solution by agents ({_steps(seconds)}), where more than half of the runs "
            "found one: "
            f"{_last_useful({cell: 1 / max(value, 1e-9) for cell, value in seconds.items()})}."
        )


def _steps(by_cell: Mapping[Cell, float]) -> str:
    return ", ".join(f"{cell.agents}: {number(value)}" for cell, value in by_cell.items())


def _last_useful(by_cell: Mapping[Cell, float]) -> str:
    """Return up to how many agents more of them bring more.

    Args:
        by_cell: more is better; by size, at least one.
    """
    (first, best), *others = by_cell.items()
    useful = first
    for cell, value in others:
        if value >= _GAIN_MIN * best:
            useful = cell
        best = max(best, value)
    if useful == first:
        return "no larger size brings 2 % more than the best smaller one, in the medians"
    return f"{useful.agents} is the last that brings 2 % over the best smaller one, in the medians"


def _median_quality(runs: Sequence[Sample]) -> float:
    return median(figures(runs, lambda run: run.value(Metric.QUALITY)))
