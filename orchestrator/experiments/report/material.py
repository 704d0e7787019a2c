"""What a report is made of: the runs of one experiment, sorted by the question they answer.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from orchestrator.experiments.failures.trial import TrialRow
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.rows import Experiment, RunRow
from orchestrator.experiments.samples import Sample, by_cell
from orchestrator.experiments.studies import studies_of
from orchestrator.experiments.study import Study
from orchestrator.experiments.summary import samples_of, usual_size, verdicts_of
from orchestrator.experiments.tasks.protocol import ExperimentTask
from orchestrator.experiments.verdict import TaskVerdict
from tasks_schema.kinds import Mode


@dataclass(frozen=True)
class TaskMaterial:
    """The runs of one task."""

    task: ExperimentTask
    samples: Sequence[Sample]
    first_instance: str
    """The one that stands for all in sweep, ablation and distance."""

    @cached_property
    def size(self) -> Size:
        """Return the size of the comparison."""
        return usual_size(self.samples, self.task.name)

    def cells(self, study: Study) -> dict[Cell, list[Sample]]:
        """Return the runs that help to answer a question, by cell."""
        return by_cell(
            sample
            for sample in self.samples
            if study in studies_of(sample.cell, self.first_instance, self.size)
        )

    def swarm_cells(self, study: Study) -> dict[Cell, list[Sample]]:
        """Return those of them that are of mode `swarm`."""
        return {cell: r for cell, r in self.cells(study).items() if cell.mode is Mode.SWARM}

    @cached_property
    def instances(self) -> list[str]:
        """Return the instances that were compared: in the task's own order, then others."""
        found = {cell.instance for cell in self.cells(Study.COMPARISON)}
        known = [*self.task.instances(quick=False), *self.task.instances(quick=True)]
        return [
            *(name for name in dict.fromkeys(known) if name in found),
            *sorted(found - set(known)),
        ]

    @cached_property
    def mapped(self) -> dict[Mode, Sample]:
        """Return a run of each mode that made a map, all of one instance; empty if none did."""
        found: dict[Mode, Sample] = {}
        for instance in (self.first_instance, *self.instances):
            for cell, runs in self.cells(Study.COMPARISON).items():
                drawn = [run for run in runs if run.measures.task.detail.get("explored")]
                if cell.instance == instance and drawn:
                    found[cell.mode] = drawn[0]
            if found:
                break
        return found

    def samples_in(self, study: Study, mode: Mode) -> list[Sample]:
        """Return the runs of one mode that help to answer a question."""
        cells = self.cells(study)
        return [sample for cell, runs in cells.items() if cell.mode is mode for sample in runs]


@dataclass(frozen=True)
class Material:
    """One experiment."""

    experiment: Experiment
    started_at: datetime
    rows: Sequence[RunRow]
    tasks: Sequence[TaskMaterial]
    verdicts: Sequence[TaskVerdict]
    trials: Sequence[TrialRow]


def material_of(
    experiment: Experiment,
    started_at: datetime,
    rows: Sequence[RunRow],
    tasks: Mapping[str, ExperimentTask],
    trials: Sequence[TrialRow] = (),
) -> Material:
    """Return the runs of an experiment, sorted.

    Args:
        experiment: as it is recorded.
        started_at: likewise.
        rows: its runs.
        tasks: by name, in the order in which they are told of.
        trials: of failures that were provoked in it.
    """
    samples = samples_of(rows)
    found = [
        TaskMaterial(task, of_task, _first_instance(experiment, task, of_task))
        for name, task in tasks.items()
        if (of_task := [sample for sample in samples if sample.cell.task == name])
    ]
    order = list(tasks)
    verdicts = sorted(verdicts_of(samples), key=lambda verdict: order.index(verdict.task))
    return Material(experiment, started_at, rows, found, verdicts, trials)


def _first_instance(experiment: Experiment, task: ExperimentTask, samples: Sequence[Sample]) -> str:
    """Return the instance that most was varied on; of several, the one that was named first.

    What was asked for is that of the experiment's first command alone. Another one may have added
    this task, with other instances.
    """
    asked: Sequence[str] = experiment.spec.get("instances") or ()
    quick = bool(experiment.spec.get("is_quick"))
    named = (*asked, *task.instances(quick=quick), *task.instances(quick=not quick))
    cells = Counter(cell.instance for cell in {sample.cell for sample in samples})
    return max(
        dict.fromkeys((*(each for each in named if each in cells), *sorted(cells))),
        key=lambda instance: cells[instance],
    )
