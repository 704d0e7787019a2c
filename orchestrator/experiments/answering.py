"""What a swarm of researchers or Sudoku solvers has found out, as soon as it has.

Whoever asks is blocked in a `retry` that the swarm's own transactions wake: the one that fills in
the last of 81 cells, or the one that writes the report. Now and then the wait is broken off to take
the refill's steps, so that it ends where no refill runs as well.
"""

from sqlalchemy import Connection, select

from orchestrator.errors import UsageError
from orchestrator.experiments.attempts import read_spec
from orchestrator.experiments.swarms import Swarms, through_outages
from orchestrator.launch.parts import Parts
from orchestrator.launch.refill import step_swarm
from orchestrator.queries.research import read_answer
from orchestrator.queries.sudoku import read_grid
from swarm_workers.problems.sudoku.watching import wait_until_over
from swarm_workers.stm import TransactionTimeoutError
from tasks_schema.kinds import ProblemKind, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask, SudokuTask
from tasks_schema.tables.swarms import SWARMS

_PATIENCE_SECONDS = 2.0
"""Without news for so long, the refill's steps are taken here."""
_PROBLEM = SWARMS.c.spec["task"]["problem"].as_string()


def await_answer(parts: Parts, swarm_id: str | None = None) -> str:
    """Return the report of a research swarm, or the grid of a Sudoku swarm. Blocks while it runs.

    Args:
        parts: connections.
        swarm_id: of the swarm; None for the newest of either kind.

    Raises:
        UsageError: there is no such swarm, or it ended without an answer.
    """
    with parts.engine.begin() as connection:
        spec, status = _asked(connection, swarm_id)
    if not status.is_final:
        _wait(parts, spec)
    with parts.engine.begin() as connection:
        if isinstance(spec.task, SudokuTask):
            return read_grid(connection, spec.swarm_id)
        return read_answer(connection, spec.swarm_id)


def _asked(connection: Connection, swarm_id: str | None) -> tuple[SwarmSpec, SwarmStatus]:
    """Return the swarm that is asked for, and how it stands."""
    query = select(SWARMS.c.swarm_id, SWARMS.c.status).where(
        _PROBLEM.in_((ProblemKind.RESEARCH, ProblemKind.SUDOKU))
    )
    if swarm_id is not None:
        query = query.where(SWARMS.c.swarm_id == swarm_id)
    row = connection.execute(query.order_by(SWARMS.c.launched_at.desc()).limit(1)).one_or_none()
    spec = row and read_spec(connection, row.swarm_id)
    if row is None or spec is None:
        which = "there is no swarm" if swarm_id is None else f"'{swarm_id}' is no swarm"
        raise UsageError(
            f"{which} on research or a Sudoku; `swarm experiment run research` launches some"
        )
    return spec, SwarmStatus(row.status)


def _wait(parts: Parts, spec: SwarmSpec) -> None:
    """Block until a swarm is over and all that was sent is reported."""
    assert isinstance(spec.task, SudokuTask | ResearchTask), f"{spec.swarm_id} has no answer"
    if isinstance(spec.task, SudokuTask):
        while not through_outages(lambda: _is_over(parts, spec)):
            through_outages(lambda: step_swarm(parts, spec.swarm_id))
    Swarms(parts).until_settled(spec.swarm_id)


def _is_over(parts: Parts, spec: SwarmSpec) -> bool:
    """Wait until 81 cells are solved or the swarm has ended; say whether it came to that."""
    assert isinstance(spec.task, SudokuTask), f"swarm {spec.swarm_id} is no Sudoku"
    shared, clues = parts.spaces.shared(spec.swarm_id), spec.task.puzzle.replace("0", ".")
    try:
        wait_until_over(shared, clues, timeout_seconds=_PATIENCE_SECONDS)
    except TransactionTimeoutError:
        return False
    return True
