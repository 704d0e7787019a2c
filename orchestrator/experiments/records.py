"""Experiments and their runs in Postgres: what is to be done, what is done, what came of it.

Functions take a connection in a transaction of the caller.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from orchestrator.errors import UsageError
from orchestrator.experiments.joining import joined_spec
from orchestrator.experiments.measures import RunMeasures, as_json, of_json
from orchestrator.experiments.plan import FAILURES, Cell, Run, Size
from orchestrator.experiments.rows import Experiment, RunRow
from tasks_schema.kinds import Mode, Sharing, SwarmStatus
from tasks_schema.tables.experiments import EXPERIMENT_RUNS, EXPERIMENTS

_RUNS = EXPERIMENT_RUNS.c


def record_experiment(connection: Connection, experiment: Experiment, runs: Sequence[Run]) -> None:
    """Write an experiment and the runs that it is to have; what is there already stays.

    One that is gone on with by another command has both.

    Raises:
        UsageError: it was begun with something else that figures depend on; see `joining`.
    """
    row = dataclasses.asdict(experiment)
    connection.execute(insert(EXPERIMENTS).values(row).on_conflict_do_nothing())
    _join(connection, experiment)
    rows = [_row_of(experiment.experiment_id, run) for run in runs]
    if rows:
        connection.execute(insert(EXPERIMENT_RUNS).on_conflict_do_nothing(), rows)


def record_launch(connection: Connection, experiment_id: str, run: Run, swarm_id: str) -> None:
    """Write down which swarm a run is, before the swarm is made."""
    _update(connection, experiment_id, run, swarm_id=swarm_id, started_at=func.now())


def record_end(
    connection: Connection,
    experiment_id: str,
    run: Run,
    *,
    status: SwarmStatus,
    measures: RunMeasures | None,
    statistics: Mapping[str, Any],
) -> None:
    """Write down how a run ended. Without measures it counts as not run."""
    _update(
        connection,
        experiment_id,
        run,
        status=status,
        measures=None if measures is None else as_json(measures),
        statistics=statistics,
        ended_at=func.now(),
    )


def record_completion(connection: Connection, experiment_id: str) -> None:
    """Write down that an experiment has ended, if no run is missing."""
    missing = select(_RUNS.run_key).where(
        _RUNS.experiment_id == experiment_id, _RUNS.measures.is_(None)
    )
    connection.execute(
        update(EXPERIMENTS)
        .where(EXPERIMENTS.c.experiment_id == experiment_id, ~missing.exists())
        .values(ended_at=func.now())
    )


def read_runs(connection: Connection, experiment_id: str) -> list[RunRow]:
    """Return all runs of an experiment that are swarms, by key."""
    query = select(EXPERIMENT_RUNS).where(
        _RUNS.experiment_id == experiment_id, _RUNS.task != FAILURES
    )
    return [_run_row(row) for row in connection.execute(query.order_by(_RUNS.run_key))]


def resolve_experiment(connection: Connection, experiment_id: str | None) -> str:
    """Return the id of an experiment that is there: the newest one if none is given.

    Raises:
        UsageError: there is none.
    """
    query = select(EXPERIMENTS.c.experiment_id).order_by(EXPERIMENTS.c.started_at.desc())
    known = list(connection.execute(query).scalars())
    if not known:
        raise UsageError("no experiment was run yet; see `swarm experiment run --help`")
    if experiment_id is not None and experiment_id not in known:
        near = ", ".join(known[:3])
        raise UsageError(f"there is no experiment '{experiment_id}'; the newest ones are {near}")
    return experiment_id or str(known[0])


def read_experiment(connection: Connection, experiment_id: str) -> tuple[Experiment, datetime]:
    """Return the experiment with exactly this id, which must be there, and when it began."""
    query = select(EXPERIMENTS).where(EXPERIMENTS.c.experiment_id == experiment_id)
    row = connection.execute(query).one()
    return _experiment(row), row.started_at


def _join(connection: Connection, experiment: Experiment) -> None:
    is_this = EXPERIMENTS.c.experiment_id == experiment.experiment_id
    query = select(EXPERIMENTS).where(is_this).with_for_update()
    recorded = _experiment(connection.execute(query).one())
    commands = dict.fromkeys([*recorded.command.splitlines(), experiment.command])
    added = {"spec": joined_spec(recorded, experiment), "command": "\n".join(commands)}
    connection.execute(update(EXPERIMENTS).where(is_this).values(added))


def _update(connection: Connection, experiment_id: str, run: Run, **values: Any) -> None:
    connection.execute(
        update(EXPERIMENT_RUNS)
        .where(_RUNS.experiment_id == experiment_id, _RUNS.run_key == run.key)
        .values(**values)
    )


def _experiment(row: Row[Any]) -> Experiment:
    return Experiment(row.experiment_id, row.spec, row.machine, row.versions, row.command)


def _row_of(experiment_id: str, run: Run) -> dict[str, Any]:
    cell = run.cell
    return {
        "experiment_id": experiment_id,
        "run_key": run.key,
        "task": cell.task,
        "instance": cell.instance,
        "cell": dataclasses.asdict(cell),
        "mode": cell.mode,
        "agents": cell.agents,
        "iterations": cell.iterations,
        "seed": run.seed,
        "status": SwarmStatus.PENDING,
    }


def _run_row(row: Row[Any]) -> RunRow:
    return RunRow(
        run=Run(_cell_of(row.cell), row.seed),
        swarm_id=row.swarm_id,
        status=SwarmStatus(row.status),
        measures=None if row.measures is None else of_json(row.measures),
        statistics=row.statistics,
    )


def _cell_of(written: Mapping[str, Any]) -> Cell:
    return Cell(
        task=written["task"],
        instance=written["instance"],
        mode=Mode(written["mode"]),
        size=Size(**written["size"]),
        sharing=Sharing(written["sharing"]),
        round_trip_seconds=written["round_trip_seconds"],
    )
