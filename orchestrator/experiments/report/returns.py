"""Where more agents cease to bring more: sentences made from the sweep over sizes.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

from orchestrator.experiments.plan import Cell, Study
from orchestrator.experiments.report.cells import seconds_to_solution
from orchestrator.experiments.report.markdown import number
from orchestrator.experiments.report.material import TaskMaterial
from orchestrator.experiments.samples import Metric, Sample, figures

_GAIN_MIN = 1.02
"""A doubling of the agents that brings less than two per cent brings nothing to speak of."""


def returns(material: TaskMaterial) -> Iterator[str]:
    """Yield from how many agents on a doubling brings next to nothing, in quality and in time."""
    cells = material.swarm_cells(Study.SWEEP)
    ordered = sorted(cells, key=lambda cell: cell.agents)
    if len(ordered) < 2:
        return
    quality = {cell: _median_quality(cells[cell]) for cell in ordered}
    yield (
        f"{material.task.quality_name.capitalize()} by agents ({_steps(quality)}): "
        f"{_last_useful(quality, lambda before, after: after >= _GAIN_MIN * before)}."
    )
    found = {cell: seconds_to_solution(cells[cell]) for cell in ordered}
    seconds = {cell: value for cell, value in found.items() if value is not None}
    if len(seconds) > 1:
        yield (
            f"Seconds to solution by agents ({_steps(seconds)}), where more than half of the runs "
            "found one: "
            f"{_last_useful(seconds, lambda before, after: before >= _GAIN_MIN * after)}."
        )


def _steps(by_cell: Mapping[Cell, float]) -> str:
    return ", ".join(f"{cell.agents}: {number(value)}" for cell, value in by_cell.items())


def _last_useful(by_cell: Mapping[Cell, float], is_gain: Callable[[float, float], bool]) -> str:
    useful = [
        after.agents
        for before, after in pairwise(by_cell)
        if is_gain(by_cell[before], by_cell[after])
    ]
    if not useful:
        return "no doubling brings 2 %"
    return f"the last doubling that brings 2 % or more, in the medians, is that to {useful[-1]}"


def _median_quality(runs: Sequence[Sample]) -> float:
    return median(figures(runs, lambda run: run.value(Metric.QUALITY)))
