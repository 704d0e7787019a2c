"""How plots look, and how they become files that change only where the figures do.

Colours are those of Okabe and Ito, which people with any kind of colour vision tell apart; each
mode has a line style of its own as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from orchestrator.experiments.report.series import Band
from tasks_schema.kinds import Mode

PANEL_INCHES = (3.1, 2.5)
_RC: dict[Any, Any] = {
    "svg.hashsalt": "swarm",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How one line is drawn."""

    colour: str
    style: str
    marker: str


LOOKS = {
    Mode.SINGLE: Look("#767676", ":", "s"),
    Mode.PARALLEL: Look("#d55e00", "--", "^"),
    Mode.SWARM: Look("#0072b2", "-", "o"),
}
TASK_LOOKS = (
    Look("#0072b2", "-", "o"),
    Look("#d55e00", "--", "^"),
    Look("#009e73", "-.", "s"),
)


@contextmanager
def styled() -> Iterator[None]:
    """Draw in our style within the block."""
    with mpl.rc_context(_RC):
        yield


def panels(count: int, columns_max: int = 3) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many panels, in rows."""
    columns = min(count, columns_max)
    rows = -(-count // columns)
    width, height = PANEL_INCHES
    figure = Figure(figsize=(columns * width, rows * height + 0.35), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    axes = [axis for row in grid for axis in row]
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def draw_band(axis: Axes, band: Band, look: Look, label: str, *, has_points: bool = False) -> None:
    """Draw a line with the area in which it probably lies."""
    axis.fill_between(band.x, band.low, band.high, color=look.colour, alpha=0.16, linewidth=0)
    marker = look.marker if has_points else ""
    axis.plot(
        band.x, band.middle, look.style, color=look.colour, marker=marker, markersize=4, label=label
    )


def share_legend(figure: Figure) -> None:
    """Put one legend over all panels: what any of them shows, once."""
    found: dict[str, Any] = {}
    for axis in figure.axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(found.values(), found, loc="outside upper center", ncols=max(1, len(found)))


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG without a date, so that the same figures give the same file."""
    # Tight: a title at the upper edge would be cut off.
    figure.savefig(
        path, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None}
    )
    # Trailing blanks would be all that a linter sees of it.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
