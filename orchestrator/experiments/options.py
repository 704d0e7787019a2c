"""Refuses options that nothing of what was asked for would use: silence would be taken for a yes.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterator

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import FAILURES
from orchestrator.experiments.studies import Wanted, asked_studies
from orchestrator.experiments.study import Study
from tasks_schema.kinds import Mode, Sharing


def check_options(task: str, wanted: Wanted) -> None:
    """Refuse an option that has no effect.

    Args:
        task: one of the tasks, or `failures`, or `all`.
        wanted: what was asked for.

    Raises:
        UsageError: there is one; the error says what would use it.
    """
    if task == FAILURES:
        _check_failures(wanted)
    for option, used_by in _unused(wanted):
        raise UsageError(f"{option} would change nothing here: {used_by}")


def _check_failures(wanted: Wanted) -> None:
    heard = Wanted(seeds=wanted.seeds, is_quick=wanted.is_quick)
    if wanted != heard:
        raise UsageError(
            "failures are provoked one by one, each in its own way: only --seeds and --quick "
            "change what is done"
        )


def _unused(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """Yield options without effect, each with what would use it."""
    studies, usual = asked_studies(wanted), Wanted()
    if wanted.sharing is not Sharing.BOTH and Mode.SWARM not in wanted.modes:
        yield "--sharing", "in modes 'single' and 'parallel' nothing is shared"
    if set(studies) == {Study.SWEEP} and wanted.agents is not None:
        yield "--agents", "a sweep has sizes of its own; --study comparison takes it"
    if Study.COMPARISON in studies:
        return
    theirs = f"--study comparison takes it, {' and '.join(studies)} set it themselves"
    if len(wanted.instances) > 1:
        yield "a second --instance", f"{' and '.join(studies)} have one; --study comparison, all"
    if wanted.modes != usual.modes:
        yield "--modes", theirs
    if wanted.sharing is not usual.sharing:
        yield "--sharing", theirs
    if wanted.round_trip_seconds:
        yield "--round-trip", theirs
