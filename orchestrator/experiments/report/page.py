"""`docs/results/SWARM_RESULTS.md`: the page, written from rows in Postgres and nothing else."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestrator.experiments import records
from orchestrator.experiments.failures.records import read_trials
from orchestrator.experiments.report.checks import checks_section
from orchestrator.experiments.report.conditions import conditions_section, rerun_section
from orchestrator.experiments.report.material import Material, material_of
from orchestrator.experiments.report.plates import Plates
from orchestrator.experiments.report.sections import (
    cost_section,
    failure_section,
    how_large_section,
    opening,
    what_section,
    when_section,
)
from orchestrator.experiments.tasks.registry import NAMES, task_of
from orchestrator.launch.parts import Parts

PAGE = "SWARM_RESULTS.md"


def write_page(parts: Parts, experiment_id: str, folder: Path) -> Path:
    """Write the page of an experiment and its plots; return the page's path.

    Args:
        parts: connections.
        experiment_id: one that is there; see `resolve_experiment`.
        folder: made if it is not there; what the page replaces is overwritten.
    """
    with parts.engine.begin() as connection:
        experiment, started_at = records.read_experiment(connection, experiment_id)
        rows = records.read_runs(connection, experiment_id)
        trials = read_trials(connection, experiment_id)
    tasks = {each: task_of(each) for each in NAMES if any(r.run.cell.task == each for r in rows)}
    material = material_of(experiment, started_at, rows, tasks, trials)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text(page_of(material, Plates(folder)), encoding="utf-8")
    return page


def page_of(material: Material, plates: Plates) -> str:
    """Return the page, and draw its plots on the way."""
    return _joined(
        [
            *opening(material),
            *conditions_section(material),
            *when_section(material, plates),
            *how_large_section(material, plates),
            *what_section(material),
            *failure_section(material, plates),
            *cost_section(material),
            *checks_section(material),
            *rerun_section(material),
        ]
    )


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(block.strip() for block in _filled(blocks)) + "\n"


def _filled(blocks: Iterable[str]) -> Iterator[str]:
    yield from (block for block in blocks if block.strip())
