"""The plots of the page: what each shows. How they look is said in `drawing.py`."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator, PercentFormatter

from orchestrator.experiments.report.drawing import (
    LOOKS,
    TASK_LOOKS,
    draw_band,
    panels,
    save,
    share_legend,
    styled,
)
from orchestrator.experiments.report.material import TaskMaterial
from orchestrator.experiments.report.series import figure_band, quality_band, solved_share, visits
from orchestrator.experiments.study import Study
from tasks_schema.kinds import Mode

_MAP_COLOURS = "cividis"
_LABEL_LETTERS = 26
"""Of a line of a label: as long as a panel is high."""


def plot_curves(material: TaskMaterial, path: Path, chance: np.random.Generator) -> None:
    """Draw quality over evaluations, one panel an instance."""
    cells = material.cells(Study.COMPARISON)
    with styled():
        figure, axes = panels(len(material.instances))
        for axis, instance in zip(axes, material.instances, strict=True):
            of_mode = {cell.mode: r for cell, r in cells.items() if cell.instance == instance}
            for mode in (mode for mode in Mode if mode in of_mode):
                draw_band(axis, quality_band(of_mode[mode], chance), LOOKS[mode], mode.value)
            axis.set_title(instance)
            axis.set_xlabel("evaluations")
            axis.set_ylabel(fill(material.task.quality_name, _LABEL_LETTERS))
            axis.xaxis.set_major_locator(MaxNLocator(4))
        share_legend(figure)
        save(figure, path)


def plot_solutions(materials: Sequence[TaskMaterial], path: Path) -> None:
    """Draw the share of runs that had reached their goal by a time, one panel a task."""
    with styled():
        figure, axes = panels(len(materials))
        for axis, material in zip(axes, materials, strict=True):
            for mode in Mode:
                runs = material.samples_in(Study.COMPARISON, mode)
                if runs:
                    look = LOOKS[mode]
                    seconds, solved = solved_share(runs)
                    axis.step(
                        seconds,
                        solved,
                        look.style,
                        where="post",
                        color=look.colour,
                        label=mode.value,
                    )
            axis.set_title(material.task.name)
            axis.set_xlabel("seconds since the first attempt")
            axis.set_ylabel("runs that reached the goal")
            axis.set_ylim(0, 1.02)
            axis.yaxis.set_major_formatter(PercentFormatter(1.0))
        share_legend(figure)
        save(figure, path)


def plot_sizes(materials: Sequence[TaskMaterial], path: Path, chance: np.random.Generator) -> None:
    """Draw what more agents bring, one panel a task, and what they cost, in the last."""
    with styled():
        figure, axes = panels(len(materials) + 1, columns_max=2)
        for axis, material in zip(axes, materials, strict=False):
            _draw_quality_by_size(axis, material, chance)
        for look, material in zip(TASK_LOOKS, materials, strict=False):
            cells = material.swarm_cells(Study.SWEEP)
            band = figure_band(cells, {c: float(c.agents) for c in cells}, "overhead", chance)
            draw_band(axes[-1], band, look, material.task.name, has_points=True)
        _scale_by_size(axes[-1])
        axes[-1].set_title("coordination")
        axes[-1].set_ylabel("share of the agents' time")
        axes[-1].set_ylim(bottom=0)
        axes[-1].yaxis.set_major_formatter(PercentFormatter(1.0))
        axes[-1].legend()
        save(figure, path)


def plot_distance(
    materials: Sequence[TaskMaterial], path: Path, chance: np.random.Generator
) -> None:
    """Draw coordination's share by the round trip to the shared state, one line a task."""
    with styled():
        figure, [axis] = panels(1)
        for look, material in zip(TASK_LOOKS, materials, strict=False):
            cells = material.swarm_cells(Study.DISTANCE)
            places = {cell: cell.round_trip_seconds * 1000 for cell in cells}
            band = figure_band(cells, places, "overhead", chance)
            draw_band(axis, band, look, material.task.name, has_points=True)
        axis.set_xlabel("emulated round trip, milliseconds")
        axis.set_ylabel("coordination's share of time")
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_formatter(PercentFormatter(1.0))
        axis.legend()
        save(figure, path)


def plot_explored(material: TaskMaterial, path: Path) -> None:
    """Draw how often each region was searched in one run of each mode, seen from above.

    Args:
        material: of a task that has at least one map.
        path: of the file.
    """
    runs = material.mapped
    modes = [mode for mode in Mode if mode in runs]
    maps = [visits(runs[mode]) for mode in modes]
    scale = Normalize(0, max(1.0, *(float(grid.max()) for grid in maps)))
    with styled():
        figure, axes = panels(len(modes))
        for axis, mode, grid in zip(axes, modes, maps, strict=True):
            axis.pcolormesh(grid, cmap=_MAP_COLOURS, norm=scale, edgecolors="white")
            axis.set_aspect("equal")
            axis.grid(visible=False)
            run = runs[mode]
            axis.set_title(f"{run.cell.instance}: {mode.value}, seed {run.seed}")
            axis.set_xlabel("x")
            axis.set_ylabel("y")
        colours = ScalarMappable(scale, _MAP_COLOURS)
        figure.colorbar(colours, ax=axes, label="searches", shrink=0.8)
        save(figure, path)


def _draw_quality_by_size(axis: Axes, material: TaskMaterial, chance: np.random.Generator) -> None:
    for mode in (Mode.PARALLEL, Mode.SWARM):
        cells = {c: r for c, r in material.cells(Study.SWEEP).items() if c.mode is mode}
        if cells:
            band = figure_band(cells, {c: float(c.agents) for c in cells}, "quality", chance)
            draw_band(axis, band, LOOKS[mode], mode.value, has_points=True)
    _scale_by_size(axis)
    axis.set_title(material.task.name)
    axis.set_ylabel(fill(material.task.quality_name, _LABEL_LETTERS))
    axis.legend()


def _scale_by_size(axis: Axes) -> None:
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlabel("agents")
