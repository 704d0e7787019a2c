"""Makes the trials of an experiment that it lacks, one after the other, and records each."""

import time
from collections.abc import Callable, Iterator

from orchestrator.experiments.failures.catalogue import failures_of
from orchestrator.experiments.failures.records import read_trials, record_trial
from orchestrator.experiments.failures.trial import Failure, Trial
from orchestrator.experiments.running import Progress
from orchestrator.launch.parts import Parts


def provoke_all(
    parts: Parts, experiment_id: str, seeds: int, show: Callable[[Progress], None]
) -> Progress:
    """Provoke each failure with its remedy and without, with so many seeds. Blocks.

    What is recorded is not provoked again. A trial that its remedy did not overcome has failed, in
    this command or in an earlier one; without remedy nothing is promised.
    """
    with parts.engine.begin() as connection:
        rows = read_trials(connection, experiment_id)
    known = {(row.failure, row.has_remedy, row.seed): row.trial for row in rows}
    plan = list(_plan(parts, seeds))
    began, failed = time.monotonic(), 0
    for count, (failure, has_remedy, seed) in enumerate(plan, 1):
        trial = known.get((failure.name, has_remedy, seed))
        if trial is None:
            trial = _provoked(parts, experiment_id, failure, has_remedy=has_remedy, seed=seed)
        complaint = _complaint(failure, seed, trial) if has_remedy else ""
        failed += bool(complaint)
        seconds = time.monotonic() - began
        show(Progress(count - failed, len(plan), failed, complaint, seconds))
    return Progress(len(plan) - failed, len(plan), failed, "", time.monotonic() - began)


def _provoked(
    parts: Parts, experiment_id: str, failure: Failure, *, has_remedy: bool, seed: int
) -> Trial:
    trial = failure.provoke(has_remedy=has_remedy, seed=seed)
    with parts.engine.begin() as connection:
        record_trial(
            connection, experiment_id, failure, has_remedy=has_remedy, seed=seed, trial=trial
        )
    return trial


def _complaint(failure: Failure, seed: int, trial: Trial) -> str:
    if trial.is_overcome:
        return ""
    return f"{failure.name} with its remedy, seed {seed}: not overcome after {trial.seconds:.2f} s"


def _plan(parts: Parts, seeds: int) -> Iterator[tuple[Failure, bool, int]]:
    for failure in failures_of(parts):
        for seed in range(1, seeds + 1):
            yield failure, True, seed
            yield failure, False, seed
