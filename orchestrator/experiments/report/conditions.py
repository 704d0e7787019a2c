"""Under which conditions the figures hold: what was run and why, and how it is run again."""

from collections.abc import Iterable, Iterator
from itertools import chain

from orchestrator.experiments.commands import cell_command
from orchestrator.experiments.plan import Cell
from orchestrator.experiments.report.markdown import listed, table
from orchestrator.experiments.report.material import Material, TaskMaterial

_SINGLE = (
    "In mode `single` no second turn is in flight while one runs, so its seconds hold the dispatch "
    "of every turn: a factor in seconds against `single` is not one of thinking alone. One in "
    "evaluations is."
)
_ONE_MACHINE = (
    "Runs that are under way together share the processors, so seconds depend on `--at-once` and "
    "on how many attempts the fleet takes at once."
)


def conditions_section(material: Material) -> Iterator[str]:
    """Yield what was run, and why these: as the tasks say it of themselves."""
    yield "## What was run, and why these"
    for each in material.tasks:
        size = each.size
        yield f"*{each.task.name.capitalize()}*, {size.agents} agents with {size.iterations} turns:"
        yield listed((*each.task.remarks, f"Solved: {each.task.goal_name}.", *_library(each)))
    yield "*All of them*:"
    yield listed((_SINGLE, _ONE_MACHINE, *_read_beside(material)))


def rerun_section(material: Material) -> Iterator[str]:
    """Yield the commands, seeds, versions and the machine."""
    experiment = material.experiment
    name = experiment.experiment_id
    yield "## To run it again"
    yield f"```\n{experiment.command}\n```"
    if "\n" in experiment.command:
        yield "With one `--id` of your own, these commands make one experiment."
    yield f"This page, from the same rows: `swarm experiment report {name}`."
    yield (
        f"{_extent(material)}; experiment `{name}`, begun on {material.started_at:%d %B %Y}. The "
        "same seed gives the same quality in mode single. In the other modes it gives the same "
        "agents and instances; which of them is first is up to the machine."
    )
    facts = {**experiment.machine, **experiment.versions}
    yield table(("setting", "value"), [(key.replace("_", " "), str(v)) for key, v in facts.items()])
    yield "Any cell alone, with all seeds that it was planned with:"
    yield from (_cells(material, each) for each in material.tasks)


def _library(material: TaskMaterial) -> Iterator[str]:
    """Yield which library was read, if the task reads one."""
    details = (sample.measures.task.detail for sample in material.samples)
    digests = sorted({str(detail["library"]) for detail in details if detail.get("library")})
    if digests:
        yield f"The library that was read has the digest {', '.join(f'`{d}`' for d in digests)}."


def _read_beside(material: Material) -> Iterator[str]:
    spec = material.experiment.spec
    beside = [*(spec.get("sources") or ()), *(spec.get("corpus") or ())]
    if beside:
        yield f"Beside the library of the machine was read: {', '.join(beside)}."


def _seeds(material: Material) -> str:
    seeds = {row.run.seed for row in material.rows}
    return f"{min(seeds)} to {max(seeds)}" if seeds else "none"


def _extent(material: Material) -> str:
    """Return how much was run."""
    missing = sum(row.measures is None for row in material.rows)
    trials = f"{len(material.trials)} provoked failures; " if material.trials else ""
    at_once = _at_once(material)
    return (
        f"{len(material.rows)} runs, {missing} of them without figures; {trials}"
        f"{'an unrecorded number' if at_once is None else at_once} under way together; "
        f"seeds {_seeds(material)}"
    )


def _at_once(material: Material) -> int | None:
    known: int | None = material.experiment.spec.get("at_once")
    return known


def _cells(material: Material, task: TaskMaterial) -> str:
    """Return the command of each cell of a task, folded."""
    rows = [row.run for row in material.rows if row.run.cell.task == task.task.name]
    seeds: dict[Cell, int] = {}
    for run in rows:
        seeds[run.cell] = max(run.seed, seeds.get(run.cell, 0))
    commands = [
        cell_command(cell, seeds[cell], material.experiment.spec)
        for cell in sorted(seeds, key=lambda cell: _place(cell, task))
    ]
    return _folded(f"{task.task.name}: {len(commands)} cells", commands)


def _place(cell: Cell, task: TaskMaterial) -> tuple[object, ...]:
    """Return where a cell stands: the comparison first, then what was varied around it."""
    is_varied = cell.size != task.size or bool(cell.round_trip_seconds)
    return (is_varied, cell.round_trip_seconds, cell.instance, cell.size.agents, cell.key)


def _folded(title: str, lines: Iterable[str]) -> str:
    """Return lines that a reader opens by a click."""
    head = ("<details>", f"<summary>{title}</summary>", "", "```")
    return "\n".join(chain(head, lines, ("```", "", "</details>")))
