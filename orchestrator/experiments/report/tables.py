"""The tables of the page, each from the runs of one study.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

import numpy as np

from orchestrator.experiments.comparing import Comparison, against_modes, against_sharing
from orchestrator.experiments.failures.trial import TrialRow, by_way
from orchestrator.experiments.plan import Cell
from orchestrator.experiments.report.cells import (
    costs,
    detail_share,
    outcome,
    overhead,
    overhead_causes,
)
from orchestrator.experiments.report.markdown import NONE, interval, number, p_value, share, table
from orchestrator.experiments.report.material import TaskMaterial
from orchestrator.experiments.samples import Sample
from orchestrator.experiments.statistics import median_interval
from orchestrator.experiments.study import Study
from orchestrator.experiments.verdict import TaskVerdict
from tasks_schema.kinds import Mode

_SHARES = {"sources_twice": "sources read twice"}
"""What a task may tell in its `detail` that has a column then: shares from 0 to 1, with a head."""


def verdict_table(verdicts: Sequence[TaskVerdict]) -> str:
    """Return each task's verdict with all that it rests on."""
    head = (
        "task", "worth it", "quality, of parallel's", "p", "time to solution, of parallel's", "p",
        "solved, swarm : parallel", "overhead", "pairs",
    )  # fmt: skip
    return table(head, (_verdict_row(verdict) for verdict in verdicts))


def outcome_table(material: TaskMaterial, chance: np.random.Generator) -> str:
    """Return what came of each instance in each mode."""
    cells = material.cells(Study.COMPARISON)
    details = [sample.measures.task.detail for sample in material.samples]
    shares = [key for key in _SHARES if any(key in detail for detail in details)]
    head = (
        "instance", "mode", material.task.quality_name, "solved", "seconds to solution",
        "evaluations to solution", "redundant work", *(_SHARES[key] for key in shares),
    )  # fmt: skip
    rows = [
        (
            cell.instance,
            cell.mode.value,
            *outcome(runs, chance),
            *(detail_share(runs, key) for key in shares),
        )
        for instance in material.instances
        for mode in Mode
        for cell, runs in cells.items()
        if cell.instance == instance and cell.mode is mode
    ]
    return table(head, rows)


def cost_table(material: TaskMaterial, chance: np.random.Generator) -> str:
    """Return what each mode cost, over all instances."""
    head = (
        "mode", "evaluations", "CPU seconds", f"{material.task.quality_name} per CPU second",
        "tokens", "dollars", "quality per dollar", "overhead", "runs in vain per commit",
    )  # fmt: skip
    rows = []
    for mode in Mode:
        runs = material.samples_in(Study.COMPARISON, mode)
        if runs:
            rows.append((mode.value, *costs(runs, chance)))
    return table(head, rows)


def overhead_table(materials: Sequence[TaskMaterial], chance: np.random.Generator) -> str:
    """Return what coordination took of a swarm's time on each instance, and by what."""
    head = (
        "task", "instance", "overhead", "agents' seconds", "on the network", "in vain", "in queues",
        "in `retry`",
    )  # fmt: skip
    rows = [
        (each.task.name, cell.instance, overhead(runs, chance), *overhead_causes(runs))
        for each in materials
        for instance in each.instances
        for cell, runs in each.cells(Study.COMPARISON).items()
        if cell.mode is Mode.SWARM and cell.instance == instance
    ]
    return table(head, rows)


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """Return a swarm against the other modes, instance by instance."""
    head = ("instance", "against", "by", "factor", "effect size", "p", "pairs that differ")
    rows = [
        (each.ours.instance, each.theirs.mode.value, each.metric.value, *_tested(each))
        for each in comparisons
    ]
    return table(head, rows)


def sharing_table(comparisons: Sequence[Comparison]) -> str:
    """Return sharing all against sharing less."""
    head = ("sharing all, against sharing", "by", "factor", "effect size", "p", "pairs that differ")
    rows = [(each.theirs.sharing.value, each.metric.value, *_tested(each)) for each in comparisons]
    return table(head, rows)


def ablation_table(material: TaskMaterial, chance: np.random.Generator) -> str:
    """Return what came of a swarm by what it shared."""
    return _varied(material, Study.ABLATION, {"shared": lambda cell: cell.sharing.value}, chance)


def sweep_table(material: TaskMaterial, chance: np.random.Generator) -> str:
    """Return what came of swarms and of lone agents by how many there were."""
    columns = {"agents": lambda cell: str(cell.agents), "mode": lambda cell: cell.mode.value}
    return _varied(material, Study.SWEEP, columns, chance)


def distance_table(material: TaskMaterial, chance: np.random.Generator) -> str:
    """Return what came of runs by how far away the shared state was."""
    columns = {
        "round trip": lambda cell: f"{cell.round_trip_seconds * 1000:g} ms",
        "mode": lambda cell: cell.mode.value,
    }
    return _varied(material, Study.DISTANCE, columns, chance)


def _varied(
    material: TaskMaterial,
    study: Study,
    columns: Mapping[str, Callable[[Cell], str]],
    chance: np.random.Generator,
) -> str:
    """Return what came of the cells of a study, behind the columns that tell them apart."""
    head = (
        *columns, material.task.quality_name, "solved", "seconds to solution",
        "evaluations to solution", "redundant work", "overhead",
    )  # fmt: skip
    rows = [
        (
            *[tell(cell) for tell in columns.values()],
            *outcome(runs, chance),
            overhead(runs, chance),
        )
        for cell, runs in _sorted(material, study)
    ]
    return table(head, rows)


def failure_table(trials: Sequence[TrialRow], chance: np.random.Generator) -> str:
    """Return each failure with its remedy and without."""
    head = (
        "failure", "how it is met", "overcome", "seconds", "at most", "beside that, in the median",
    )  # fmt: skip
    rows = [
        (
            f"**{name}**" if has_remedy else name,
            found[0].way,
            f"{sum(row.trial.is_overcome for row in found)} of {len(found)}",
            interval(median_interval([row.trial.seconds for row in found], chance)),
            "" if found[0].seconds_max is None else f"{found[0].seconds_max:g} s",
            _beside([row.trial.figures for row in found]),
        )
        for (name, has_remedy), found in by_way(trials).items()
    ]
    return table(head, rows)


def _beside(figures: Sequence[Mapping[str, float]]) -> str:
    return "; ".join(
        f"{name} {number(median(each[name] for each in figures))}" for name in figures[0]
    )


def mode_comparisons(material: TaskMaterial, chance: np.random.Generator) -> list[Comparison]:
    """Return a swarm against the other modes, corrected for all tests of this task."""
    return against_modes(material.cells(Study.COMPARISON), chance)


def sharing_comparisons(material: TaskMaterial, chance: np.random.Generator) -> list[Comparison]:
    """Return sharing all against sharing less, corrected for all tests of this task."""
    return against_sharing(material.cells(Study.ABLATION), chance)


def _sorted(material: TaskMaterial, study: Study) -> Iterator[tuple[Cell, list[Sample]]]:
    found = material.cells(study).items()
    order = {mode: index for index, mode in enumerate(Mode)}
    yield from sorted(
        found,
        key=lambda item: (
            item[0].round_trip_seconds,
            item[0].size.agents,
            order[item[0].mode],
        ),
    )


def _verdict_row(verdict: TaskVerdict) -> tuple[str, ...]:
    runs = verdict.seeds * verdict.instances
    return (
        verdict.task,
        "yes" if verdict.is_worth_it else "no",
        interval(verdict.quality.factor),
        p_value(verdict.quality.p_corrected),
        interval(verdict.seconds.factor),
        p_value(verdict.seconds.p_corrected),
        f"{verdict.our_solved} : {verdict.their_solved} of {runs}",
        NONE if verdict.overhead is None else share(verdict.overhead),
        str(verdict.seeds),
    )


def _tested(each: Comparison) -> tuple[str, ...]:
    return (
        interval(each.factor),
        f"{each.test.effect:+.2f}",
        p_value(each.p_corrected),
        f"{each.test.pairs} of {each.pairs}",
    )
