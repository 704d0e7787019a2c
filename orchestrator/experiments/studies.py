"""Which cells an experiment has: the three modes compared, and what is varied around them.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import ROUND_TRIPS_SECONDS, SIZES, Cell, Run, Size
from orchestrator.experiments.study import AT_ONCE, Study
from orchestrator.experiments.tasks.protocol import ExperimentTask
from tasks_schema.kinds import Mode, Sharing
from tasks_schema.messages.task import ITERATIONS_MAX

SEEDS_FULL = 20
SEEDS_QUICK = 3
SEEDS_MAX = 1000
AGENTS_MAX = 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked for; None where the task's own choice is taken."""

    agents: int | None = None
    iterations: int | None = None
    modes: tuple[Mode, ...] = tuple(Mode)
    seeds: int | None = None
    instances: tuple[str, ...] = ()
    """Empty means all of the task."""
    sharing: Sharing = Sharing.BOTH
    round_trip_seconds: float = 0.0
    studies: tuple[Study, ...] | None = None
    """None means all, or the comparison alone where it is to be quick."""
    is_quick: bool = False
    sources: tuple[str, ...] = ()
    """URLs that are read beside what the task reads by itself."""
    corpus: tuple[str, ...] = ()
    """Absolute paths of folders with documents, likewise."""
    at_once: int = AT_ONCE
    """Runs that are under way together: they share the processors, so seconds depend on it."""


def runs_of(task: ExperimentTask, wanted: Wanted) -> tuple[Run, ...]:
    """Return the runs of one task, each once: all cells with the first seed, then with the next.

    Raises:
        UsageError: a number is out of range, or there is no such instance.
    """
    seeds = _checked("--seeds", wanted.seeds, _seeds(wanted), SEEDS_MAX)
    cells = tuple(dict.fromkeys(_cells(task, wanted)))
    return tuple(Run(cell, seed) for seed in range(1, seeds + 1) for cell in cells)


def asked_studies(wanted: Wanted) -> tuple[Study, ...]:
    """Return the studies that are asked for, by name or by none."""
    return wanted.studies or ((Study.COMPARISON,) if wanted.is_quick else tuple(Study))


def studies_of(cell: Cell, first_instance: str, size: Size) -> tuple[Study, ...]:
    """Return the questions that a cell helps to answer, as the report sorts its rows.

    Args:
        cell: of a run that is recorded.
        first_instance: the one that stands for all in sweep, ablation and distance.
        size: of the comparison.
    """
    is_plain = cell.sharing is Sharing.BOTH and not cell.round_trip_seconds
    is_usual = cell.size == size
    is_swarm, is_first = cell.mode is Mode.SWARM, cell.instance == first_instance
    held = {
        Study.COMPARISON: is_plain and is_usual,
        Study.SWEEP: is_plain
        and is_first
        and cell.mode is not Mode.SINGLE
        and cell.size.iterations == size.iterations,
        Study.ABLATION: is_swarm and is_usual and is_first and not cell.round_trip_seconds,
        Study.DISTANCE: is_usual
        and is_first
        and cell.sharing is Sharing.BOTH
        and cell.mode is not Mode.SINGLE,
    }
    return tuple(study for study in Study if held[study])


def _cells(task: ExperimentTask, wanted: Wanted) -> Iterator[Cell]:
    usual = task.size(quick=wanted.is_quick)
    size = Size(
        _checked("--agents", wanted.agents, usual.agents, AGENTS_MAX),
        _checked("--iterations", wanted.iterations, usual.iterations, ITERATIONS_MAX),
    )
    instances = wanted.instances or task.instances(quick=wanted.is_quick)
    for study in asked_studies(wanted):
        if study is Study.COMPARISON:
            yield from _comparison(task.name, instances, size, wanted)
        else:
            yield from _around(study, Cell(task.name, instances[0], Mode.SWARM, size))


def _comparison(
    task: str, instances: tuple[str, ...], size: Size, wanted: Wanted
) -> Iterator[Cell]:
    for instance in instances:
        for mode in wanted.modes:
            sharing = wanted.sharing if mode is Mode.SWARM else Sharing.BOTH
            yield Cell(task, instance, mode, size, sharing, wanted.round_trip_seconds)


def _around(study: Study, cell: Cell) -> Iterator[Cell]:
    """Yield what a study varies: one thing at a time, on one instance."""
    if study is Study.ABLATION:
        yield from (replace(cell, sharing=sharing) for sharing in Sharing)
    elif study is Study.SWEEP:
        for agents in SIZES:
            here = replace(cell, size=replace(cell.size, agents=agents))
            yield from (replace(here, mode=Mode.PARALLEL), here)
    else:
        # Who shares nothing is compared where he stands: no distance slows him.
        yield replace(cell, mode=Mode.PARALLEL)
        yield from (replace(cell, round_trip_seconds=each) for each in ROUND_TRIPS_SECONDS)


def _seeds(wanted: Wanted) -> int:
    return SEEDS_QUICK if wanted.is_quick else SEEDS_FULL


def _checked(option: str, asked: int | None, usual: int, most: int) -> int:
    number = usual if asked is None else asked
    if not 1 <= number <= most:
        raise UsageError(f"{option} {number} is out of range; give 1 to {most:,}")
    return number
