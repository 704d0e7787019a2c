"""The commands that run an experiment, or one of its cells, again.

Pure: no I/O, no clock, no chance.
"""

import shlex
from collections.abc import Iterator

from orchestrator.experiments.plan import Cell, Study
from orchestrator.experiments.studies import Wanted


def command_of(task: str, wanted: Wanted) -> str:
    """Return what a person types to ask for the same; names no file and no id."""
    words = ["swarm", "experiment", "run", task, *_options(wanted)]
    return shlex.join(words)


def cell_command(cell: Cell, seeds: int, at_once: int | None = None) -> str:
    """Return what runs one cell again, whichever study it belongs to.

    Args:
        cell: that is to be run.
        seeds: how many, from 1 on.
        at_once: runs under way together; None leaves it to the default.
    """
    wanted = Wanted(
        agents=cell.size.agents,
        iterations=cell.size.iterations,
        modes=(cell.mode,),
        seeds=seeds,
        instances=(cell.instance,),
        sharing=cell.sharing,
        round_trip_seconds=cell.round_trip_seconds,
        studies=(Study.COMPARISON,),
    )
    command = command_of(cell.task, wanted)
    return command if at_once is None else f"{command} --at-once {at_once}"


def _options(wanted: Wanted) -> Iterator[str]:
    """Yield the options that say other than their defaults."""
    usual = Wanted()
    for study in wanted.studies or ():
        yield from ("--study", study.value)
    for instance in wanted.instances:
        yield from ("--instance", instance)
    if wanted.modes != usual.modes:
        yield from ("--modes", ",".join(wanted.modes))
    for name, number in _numbers(wanted).items():
        if number is not None:
            yield from (name, f"{number:g}")
    if wanted.sharing is not usual.sharing:
        yield from ("--sharing", wanted.sharing.value)
    if wanted.is_quick:
        yield "--quick"


def _numbers(wanted: Wanted) -> dict[str, float | None]:
    return {
        "--agents": wanted.agents,
        "--iterations": wanted.iterations,
        "--round-trip": wanted.round_trip_seconds * 1000 or None,
        "--seeds": wanted.seeds,
    }
