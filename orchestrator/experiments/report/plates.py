"""The plots of one page: drawn into its folder, and shown by it."""

from collections.abc import Sequence
from pathlib import Path

from orchestrator.experiments.report import plots
from orchestrator.experiments.report.material import TaskMaterial
from orchestrator.experiments.study import Study
from orchestrator.experiments.summary import chance


class Plates:
    """Draws a plot and returns the line of Markdown that shows it; nothing if there is no data."""

    def __init__(self, folder: Path) -> None:
        """Draw into this folder, which is there."""
        self._folder = folder

    def curves(self, material: TaskMaterial) -> str:
        """Show quality over evaluations."""
        if not material.instances:
            return ""
        name = f"curves-{material.task.name}.svg"
        plots.plot_curves(material, self._folder / name, chance())
        return _shown(f"{material.task.name}: {material.task.quality_name} over evaluations", name)

    def explored(self, materials: Sequence[TaskMaterial]) -> str:
        """Show where agents searched, for the task that has a map."""
        for material in (each for each in materials if each.mapped):
            plots.plot_explored(material, self._folder / "explored.svg")
            instance = next(iter(material.mapped.values())).cell.instance
            return _shown(f"regions of {instance} searched, seen from above", "explored.svg")
        return ""

    def solutions(self, materials: Sequence[TaskMaterial]) -> str:
        """Show time to solution."""
        compared = [each for each in materials if each.instances]
        if not compared:
            return ""
        plots.plot_solutions(compared, self._folder / "solutions.svg")
        return _shown("share of runs that had reached their goal, over time", "solutions.svg")

    def sizes(self, materials: Sequence[TaskMaterial]) -> str:
        """Show what more agents bring and cost."""
        swept = _with(materials, Study.SWEEP)
        if not swept:
            return ""
        plots.plot_sizes(swept, self._folder / "sizes.svg", chance())
        return _shown("quality and coordination by the number of agents", "sizes.svg")

    def distance(self, materials: Sequence[TaskMaterial]) -> str:
        """Show what distance costs."""
        far = _with(materials, Study.DISTANCE)
        if not far:
            return ""
        plots.plot_distance(far, self._folder / "distance.svg", chance())
        return _shown("coordination by the round trip to the shared state", "distance.svg")


def _with(materials: Sequence[TaskMaterial], study: Study) -> list[TaskMaterial]:
    """Return the tasks in which something was varied, so that there is a line to draw."""
    return [each for each in materials if len(each.swarm_cells(study)) > 1]


def _shown(alternative: str, name: str) -> str:
    return f"![{alternative}]({name})"
