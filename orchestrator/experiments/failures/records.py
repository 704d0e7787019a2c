"""Trials of failures in Postgres: runs of a task of their own, each with its remedy or without."""

import dataclasses
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from orchestrator.experiments.failures.trial import Failure, Trial, TrialRow
from orchestrator.experiments.plan import FAILURES
from tasks_schema.kinds import Mode, SwarmStatus
from tasks_schema.tables.experiments import EXPERIMENT_RUNS

_RUNS = EXPERIMENT_RUNS.c


def trial_key(failure: Failure, *, has_remedy: bool, seed: int) -> str:
    """Return what tells a trial from every other one of an experiment."""
    way = "remedy" if has_remedy else "none"
    return f"{FAILURES}/{failure.name}/{way}/{seed}"


def record_trial(
    connection: Connection,
    experiment_id: str,
    failure: Failure,
    *,
    has_remedy: bool,
    seed: int,
    trial: Trial,
) -> None:
    """Write down one trial."""
    row = {
        "experiment_id": experiment_id,
        "run_key": trial_key(failure, has_remedy=has_remedy, seed=seed),
        "task": FAILURES,
        "instance": failure.name,
        "cell": {
            "has_remedy": has_remedy,
            "provocation": failure.provocation,
            "way": failure.remedy if has_remedy else failure.without,
            "overcome": failure.overcome,
            "seconds_max": failure.seconds_max,
        },
        "mode": Mode.SWARM,
        "agents": 0,
        "iterations": 0,
        "seed": seed,
        "status": SwarmStatus.SUCCEEDED if trial.is_overcome else SwarmStatus.EXHAUSTED,
        "measures": dataclasses.asdict(trial),
    }
    connection.execute(insert(EXPERIMENT_RUNS).values(row).on_conflict_do_nothing())


def read_trials(connection: Connection, experiment_id: str) -> list[TrialRow]:
    """Return all trials of an experiment, by key."""
    query = select(EXPERIMENT_RUNS).where(
        _RUNS.experiment_id == experiment_id, _RUNS.task == FAILURES
    )
    return [_trial_row(row) for row in connection.execute(query.order_by(_RUNS.run_key))]


def _trial_row(row: Any) -> TrialRow:
    return TrialRow(
        failure=row.instance,
        provocation=row.cell["provocation"],
        way=row.cell["way"],
        has_remedy=row.cell["has_remedy"],
        seed=row.seed,
        trial=Trial(**row.measures),
        overcome=row.cell.get("overcome", ""),
        seconds_max=row.cell.get("seconds_max"),
    )
