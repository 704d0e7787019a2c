"""The commands that run an experiment, or one of its cells, again.

Pure: no I/O, no clock, no chance.
"""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from orchestrator.experiments.plan import Cell
from orchestrator.experiments.studies import Wanted
from orchestrator.experiments.study import AT_ONCE, Study
from tasks_schema.kinds import ProblemKind


def command_of(task: str, wanted: Wanted) -> str:
    """Return what a person types to ask for the same; names no file and no id.

    A folder of documents is named by its last part, as it is to be typed where the folder lies: the
    command is shown on pages, where a path of this machine would tell nobody anything.
    """
    words = ["swarm", "experiment", "run", task, *_options(wanted)]
    return shlex.join(words)


def cell_command(cell: Cell, seeds: int, spec: Mapping[str, Any]) -> str:
    """Return what runs one cell again, whichever study it belongs to.

    Args:
        cell: of the experiment.
        seeds: how many.
        spec: of the experiment; says what its agents read, and how many runs were under way
            together.
    """
    is_reading = cell.task == ProblemKind.RESEARCH
    wanted = Wanted(
        agents=cell.size.agents,
        iterations=cell.size.iterations,
        modes=(cell.mode,),
        seeds=seeds,
        instances=(cell.instance,),
        sharing=cell.sharing,
        round_trip_seconds=cell.round_trip_seconds,
        studies=(Study.COMPARISON,),
        sources=tuple(spec.get("sources", ())) if is_reading else (),
        corpus=tuple(spec.get("corpus", ())) if is_reading else (),
        at_once=spec.get("at_once", AT_ONCE),
    )
    return command_of(cell.task, wanted)


def _options(wanted: Wanted) -> Iterator[str]:
    """Yield the options that say other than their defaults."""
    usual = Wanted()
    for name, value in _repeated(wanted):
        yield from (name, value)
    if wanted.modes != usual.modes:
        yield from ("--modes", ",".join(wanted.modes))
    for name, number in _numbers(wanted).items():
        if number is not None:
            yield from (name, f"{number:g}")
    if wanted.sharing is not usual.sharing:
        yield from ("--sharing", wanted.sharing.value)
    if wanted.is_quick:
        yield "--quick"


def _repeated(wanted: Wanted) -> Iterator[tuple[str, str]]:
    yield from (("--study", study.value) for study in wanted.studies or ())
    yield from (("--instance", instance) for instance in wanted.instances)
    yield from (("--source", url) for url in wanted.sources)
    yield from (("--corpus", PurePath(folder).name) for folder in wanted.corpus)


def _numbers(wanted: Wanted) -> dict[str, float | None]:
    return {
        "--agents": wanted.agents,
        "--iterations": wanted.iterations,
        "--round-trip": wanted.round_trip_seconds * 1000 or None,
        "--seeds": wanted.seeds,
        "--at-once": None if wanted.at_once == AT_ONCE else wanted.at_once,
    }
