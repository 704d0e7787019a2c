"""An experiment from what was asked for to its rows: planned, recorded, run."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import PurePath
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.experiments import records
from orchestrator.experiments.commands import command_of
from orchestrator.experiments.failures.provoking import provoke_all
from orchestrator.experiments.failures.records import read_trials
from orchestrator.experiments.failures.trial import TrialRow
from orchestrator.experiments.options import check_options
from orchestrator.experiments.plan import FAILURES, Run
from orchestrator.experiments.rows import Experiment, RunRow
from orchestrator.experiments.running import Display, Progress, Runner
from orchestrator.experiments.setting import machine_of, versions_of
from orchestrator.experiments.studies import Wanted, runs_of
from orchestrator.experiments.tasks.protocol import ExperimentTask, ReadingTask
from orchestrator.experiments.tasks.registry import NAMES, task_of
from orchestrator.launch.parts import Parts
from swarm_workers.problems.research.corpus.fetching import refuse_secrets
from swarm_workers.problems.research.errors import SourceUnavailableError
from tasks_schema.ids import swarm_id
from tasks_schema.messages.task import ResearchTask

ALL = "all"
_FAILURE_SEEDS = 10
_FAILURE_SEEDS_QUICK = 2


@dataclass(frozen=True, slots=True)
class Conducted:
    """An experiment as this command leaves it."""

    experiment: Experiment
    rows: list[RunRow]
    """All that are recorded of it, those of earlier commands included."""
    trials: list[TrialRow]
    """Likewise, of failures that were provoked."""
    progress: Progress


def conduct(
    parts: Parts,
    task: str,
    wanted: Wanted,
    *,
    experiment_id: str | None,
    show: Display,
) -> Conducted:
    """Run what is missing of an experiment. Blocks; Ctrl-C stops its swarms.

    Args:
        parts: connections to a fleet that is up.
        task: one of the tasks, or `failures`, or `all`.
        wanted: what was asked for; the same for each of them.
        experiment_id: of one to go on with, or a name for a new one; None makes up a name.
        show: told the experiment's name, and then how far it is.

    Raises:
        UsageError: there is no such task or instance, a number is out of range, an option is of no
            use, the address of a source carries a secret, or the experiment was begun with
            something else that figures depend on; nothing was recorded.
    """
    _refuse_secrets(wanted.sources)
    check_options(task, wanted)
    names = {ALL: NAMES, FAILURES: ()}.get(task, (task,))
    tasks = {name: _equipped(task_of(name), wanted, is_alone=task != ALL) for name in names}
    runs = _in_turn([runs_of(each, wanted) for each in tasks.values()])
    library = _library_of(tasks, runs)
    experiment = _experiment(parts, task, wanted, experiment_id, library)
    name = experiment.experiment_id
    with parts.engine.begin() as connection:
        records.record_experiment(connection, experiment, runs)
        rows = records.read_runs(connection, name)
    show.begin(name)
    progress = Runner(parts, name, tasks, at_once=wanted.at_once, show=show).run(rows, runs)
    if task in (ALL, FAILURES):
        provoked = provoke_all(parts, name, _failure_seeds(wanted), show)
        progress = replace(provoked, failed=progress.failed + provoked.failed)
    return _conducted(parts, name, progress)


def _refuse_secrets(sources: Sequence[str]) -> None:
    """Refuse sources whose addresses carry a secret, whether or not the task reads them."""
    try:
        refuse_secrets(sources)
    except SourceUnavailableError as error:
        raise UsageError(str(error)) from error


def _library_of(tasks: Mapping[str, ExperimentTask], runs: Sequence[Run]) -> str:
    """Return the digest of what is read, or nothing where nothing is.

    Raises:
        UsageError: an instance is none, which is to be found out before anything is recorded.
    """
    first_cells = {(run.cell.task, run.cell.instance): run.cell for run in reversed(runs)}
    specs = [tasks[task].spec(name, 1, cell) for (task, name), cell in first_cells.items()]
    return next((spec.library for spec in specs if isinstance(spec, ResearchTask)), "")


def _conducted(parts: Parts, name: str, progress: Progress) -> Conducted:
    with parts.engine.begin() as connection:
        records.record_completion(connection, name)
        recorded, _ = records.read_experiment(connection, name)
        rows = records.read_runs(connection, name)
        trials = read_trials(connection, name)
    return Conducted(recorded, rows, trials, progress)


def _failure_seeds(wanted: Wanted) -> int:
    return wanted.seeds or (_FAILURE_SEEDS_QUICK if wanted.is_quick else _FAILURE_SEEDS)


def _equipped(task: ExperimentTask, wanted: Wanted, *, is_alone: bool) -> ExperimentTask:
    """Return the task with what it is to read beside its own.

    Raises:
        UsageError: it reads nothing, and no other task is run that might.
    """
    if not wanted.sources and not wanted.corpus:
        return task
    if isinstance(task, ReadingTask):
        return task.reading(wanted.sources, wanted.corpus)
    if not is_alone:
        return task
    raise UsageError(f"'{task.name}' reads no documents; --source and --corpus are for research")


def _in_turn(plans: Sequence[Sequence[Run]]) -> list[Run]:
    """Return all runs by seed, so that what an interrupted experiment has is balanced."""
    return sorted(chain.from_iterable(plans), key=lambda run: (run.seed, run.lot))


def _experiment(
    parts: Parts, task: str, wanted: Wanted, experiment_id: str | None, library: str
) -> Experiment:
    spec: dict[str, Any] = {
        "task": task,
        "agents": wanted.agents,
        "iterations": wanted.iterations,
        "modes": list(wanted.modes),
        "seeds": wanted.seeds,
        "instances": list(wanted.instances),
        "sharing": wanted.sharing,
        "round_trip_seconds": wanted.round_trip_seconds,
        "studies": None if wanted.studies is None else list(wanted.studies),
        "is_quick": wanted.is_quick,
        "sources": list(wanted.sources),
        "corpus": [PurePath(folder).name for folder in wanted.corpus],
    }
    if task != FAILURES:  # those are provoked one after another
        spec["at_once"] = wanted.at_once
    if library:
        spec["library"] = library
    return Experiment(
        experiment_id=experiment_id or swarm_id(f"{task}-study", secrets.token_bytes(6)),
        spec=spec,
        machine=machine_of(parts),
        versions=versions_of(parts),
        command=command_of(task, wanted),
    )
