"""Makes the trials of an experiment that it lacks, one after the other, and records each."""

import time
from collections.abc import Callable, Iterator

from orchestrator.experiments.failures.catalogue import failures_of
from orchestrator.experiments.failures.records import record_trial, recorded_keys, trial_key
from orchestrator.experiments.failures.trial import Failure
from orchestrator.experiments.running import Progress
from orchestrator.launch.parts import Parts


def provoke_all(
    parts: Parts, experiment_id: str, seeds: int, show: Callable[[Progress], None]
) -> Progress:
    """Provoke each failure with its remedy and without, with so many seeds. Blocks.

    What is recorded is not provoked again.
    """
    with parts.engine.begin() as connection:
        known = recorded_keys(connection, experiment_id)
    plan = list(_plan(parts, seeds))
    began, done = time.monotonic(), 0
    for failure, has_remedy, seed in plan:
        if trial_key(failure, has_remedy=has_remedy, seed=seed) not in known:
            trial = failure.provoke(has_remedy=has_remedy, seed=seed)
            with parts.engine.begin() as connection:
                record_trial(
                    connection,
                    experiment_id,
                    failure,
                    has_remedy=has_remedy,
                    seed=seed,
                    trial=trial,
                )
        done += 1
        show(Progress(done, len(plan), 0, "", time.monotonic() - began))
    return Progress(done, len(plan), 0, "", time.monotonic() - began)


def _plan(parts: Parts, seeds: int) -> Iterator[tuple[Failure, bool, int]]:
    for failure in failures_of(parts):
        for seed in range(1, seeds + 1):
            yield failure, True, seed
            yield failure, False, seed
