"""An experiment in short: a table of medians for a terminal, and all runs as JSON.

Pure: no I/O, no clock, no chance.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import numpy as np

from orchestrator.experiments.failures.trial import TrialRow, by_way
from orchestrator.experiments.overhead import CLAIM, Overhead, overhead_of
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.rows import Experiment, RunRow
from orchestrator.experiments.samples import Sample, by_cell, overheads_of, solved_count
from orchestrator.experiments.verdict import TaskVerdict, judge
from tasks_schema.kinds import Sharing

CHANCE_SEED = 5
"""Of the bootstrap: the same runs give the same intervals."""
_FAILURE_HEAD = ("failure", "remedy", "overcome", "seconds")
_HEAD = (
    "cell",
    "runs",
    "quality",
    "solved",
    "s to solution",
    "evaluations",
    "redundant",
    "overhead",
)


def samples_of(rows: Iterable[RunRow]) -> list[Sample]:
    """Return the runs whose figures count."""
    return [
        Sample(
            row.run.cell,
            row.run.seed,
            row.measures,
            _overhead_of(row.statistics, row.measures.agent_seconds),
        )
        for row in rows
        if row.measures is not None
    ]


def _overhead_of(statistics: Mapping[str, Any] | None, attempt_seconds: float) -> Overhead | None:
    """Return the overhead of a run; None if no process that ran its turns has told of itself."""
    sites = (statistics or {}).get("sites", {})
    if statistics is None or not any(name.endswith(CLAIM) for name in sites):
        return None
    return overhead_of(statistics, attempt_seconds)


def chance() -> np.random.Generator:
    """Return the chance of a report: seeded, so that it can be made again."""
    return np.random.default_rng(CHANCE_SEED)


def verdicts_of(samples: Iterable[Sample]) -> list[TaskVerdict]:
    """Return the verdict on each task, from the runs that share all, without emulated distance.

    Where a task was run in several sizes, the one with most instances is the comparison's.
    """
    plain = [
        each
        for each in samples
        if each.cell.sharing is Sharing.BOTH and not each.cell.round_trip_seconds
    ]
    usual = {task: usual_size(plain, task) for task in {each.cell.task for each in plain}}
    kept = [each for each in plain if each.cell.size == usual[each.cell.task]]
    return judge(by_cell(kept), chance())


def usual_size(samples: Iterable[Sample], task: str) -> Size:
    """Return the size of a task's comparison: the one that most cells have."""
    cells = {sample.cell for sample in samples if sample.cell.task == task}
    sizes = [cell.size for cell in cells]
    return max(set(sizes), key=lambda size: (sizes.count(size), size.agents, size.iterations))


def as_table(
    experiment: Experiment, rows: Sequence[RunRow], trials: Sequence[TrialRow] = ()
) -> str:
    """Return medians of each cell, the failures, and the verdict."""
    samples = samples_of(rows)
    cells = [_line(cell, runs) for cell, runs in by_cell(samples).items()]
    failures = [_failure_line(name, way, found) for (name, way), found in by_way(trials).items()]
    lost = sum(row.measures is None for row in rows)
    blocks = (
        f"experiment {experiment.experiment_id}",
        _aligned(_HEAD, cells),
        _aligned(_FAILURE_HEAD, failures),
        f"{lost} of {len(rows)} runs have no figures" if lost else "",
        "\n".join(sentence_of(verdict) for verdict in verdicts_of(samples)),
    )
    return "\n".join(block for block in blocks if block) + "\n"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return lines whose columns stand under each other; nothing if there are no rows."""
    if not rows:
        return ""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *rows)
    )


def as_json(experiment: Experiment, rows: Sequence[RunRow], trials: Sequence[TrialRow] = ()) -> str:
    """Return all that is known of an experiment."""
    verdicts = [asdict(v) | {"is_worth_it": v.is_worth_it} for v in verdicts_of(samples_of(rows))]
    found = {
        **asdict(experiment),
        "verdicts": verdicts,
        "runs": [_run_as_dict(row) for row in rows],
        "failures": [asdict(trial) for trial in trials],
    }
    return json.dumps(found, indent=2, default=str) + "\n"


def sentence_of(verdict: TaskVerdict) -> str:
    """Return a verdict in one line."""
    quality, seconds = verdict.quality, verdict.seconds
    word = "worth it" if verdict.is_worth_it else "not worth it"
    percent = "unknown" if verdict.overhead is None else f"{verdict.overhead.value:.0%}"
    return (
        f"{verdict.task}: shared state is {word}: quality x{quality.factor.value:.2f} "
        f"(p {quality.p_corrected:.2g}), time to solution x{seconds.factor.value:.2f} "
        f"(p {seconds.p_corrected:.2g}), overhead {percent}"
    )


def _line(cell: Cell, samples: Sequence[Sample]) -> tuple[str, ...]:
    tasks = [sample.measures.task for sample in samples]
    seconds = [task.seconds_to_solution for task in tasks if task.seconds_to_solution is not None]
    shares = [overhead.share for overhead in overheads_of(samples)]
    return (
        cell.key,
        str(len(samples)),
        f"{median(task.quality for task in tasks):.4g}",
        f"{solved_count(samples)}",
        f"{median(seconds):.2f}" if seconds else "-",
        f"{median(task.evaluations for task in tasks):.0f}",
        f"{median(task.redundant for task in tasks):.0%}",
        f"{median(shares):.0%}" if shares else "-",
    )


def _failure_line(name: str, has_remedy: bool, trials: Sequence[TrialRow]) -> tuple[str, ...]:  # noqa: FBT001 - a key's part
    overcome = sum(row.trial.is_overcome for row in trials)
    seconds = median(row.trial.seconds for row in trials)
    return (
        name,
        "with" if has_remedy else "without",
        f"{overcome} of {len(trials)}",
        f"{seconds:.3f}",
    )


def _run_as_dict(row: RunRow) -> dict[str, Any]:
    cell = row.run.cell
    return {
        "key": row.run.key,
        "task": cell.task,
        "instance": cell.instance,
        "mode": cell.mode,
        "agents": cell.agents,
        "iterations": cell.iterations,
        "sharing": cell.sharing,
        "round_trip_seconds": cell.round_trip_seconds,
        "seed": row.run.seed,
        "swarm_id": row.swarm_id,
        "status": row.status,
        "measures": None if row.measures is None else asdict(row.measures),
        "overhead": _overhead_as_dict(row),
    }


def _overhead_as_dict(row: RunRow) -> dict[str, Any] | None:
    known = overheads_of(samples_of([row]))
    return asdict(known[0]) | {"share": known[0].share} if known else None
