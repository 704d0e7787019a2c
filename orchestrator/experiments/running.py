"""Runs an experiment: each run is a swarm on the fleet, a few at a time so that it is busy.

Whatever is done is in Postgres at once, so a command that was killed goes on where it was: a run
that has figures is not run again, and a swarm that lived on meanwhile is taken as it is.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from orchestrator.experiments import records
from orchestrator.experiments.attempts import read_attempts, read_spec
from orchestrator.experiments.measures import RunMeasures, measure_run
from orchestrator.experiments.plan import Run
from orchestrator.experiments.rows import RunRow
from orchestrator.experiments.swarms import VALID, Swarms, through_outages
from orchestrator.experiments.tasks.protocol import ExperimentTask
from orchestrator.launch.iterative import ready_spec
from orchestrator.launch.parts import Parts
from tasks_schema.kinds import SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an experiment is."""

    done: int
    """Runs that have figures, those of earlier commands included."""
    total: int
    failed: int
    """Runs of this command that ended otherwise than they should."""
    latest: str
    """What ended last, and how; empty before the first."""
    seconds: float
    """Since this command began."""


class Display(Protocol):
    """What shows how far an experiment is."""

    def begin(self, experiment_id: str) -> None:
        """Show the name by which it can be gone on with."""
        ...

    def __call__(self, progress: Progress) -> None:
        """Show how far it is; called after each run."""
        ...


class Runner:
    """Takes an experiment to its end."""

    def __init__(
        self,
        parts: Parts,
        experiment_id: str,
        tasks: Mapping[str, ExperimentTask],
        *,
        at_once: int,
        show: Callable[[Progress], None],
    ) -> None:
        """Hold the parts.

        Args:
            parts: connections.
            experiment_id: which is recorded, with its runs.
            tasks: by name, all that runs are of.
            at_once: runs that are under way together.
            show: called in this thread after each run.
        """
        self._parts = parts
        self._experiment_id = experiment_id
        self._tasks = tasks
        self._at_once = at_once
        self._show = show
        self._swarms = Swarms(parts)
        self._stopping = threading.Event()
        self._live: set[str] = set()

    def run(self, rows: Sequence[RunRow], wanted: Sequence[Run]) -> Progress:
        """Run what has no figures yet, in the order wanted. Blocks; Ctrl-C stops its swarms.

        Args:
            rows: all that is recorded of the experiment.
            wanted: the runs of this command.
        """
        recorded = {row.run.key: row for row in rows}
        missing = [recorded[run.key] for run in wanted if recorded[run.key].measures is None]
        tally = _Tally(total=len(wanted), done=len(wanted) - len(missing))
        if wanted:
            self._show(tally.progress(""))
        with ThreadPoolExecutor(self._at_once) as pool:
            try:
                self._work_off(pool, missing, tally)
            except BaseException:
                self._end_all()
                raise
        return tally.progress("")

    def _work_off(self, pool: ThreadPoolExecutor, rows: Sequence[RunRow], tally: "_Tally") -> None:
        under_way: set[Future[str]] = set()
        waiting = list(reversed(rows))
        while waiting or under_way:
            while waiting and len(under_way) < self._at_once:
                under_way.add(pool.submit(self._conduct, waiting.pop()))
            ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                complaint = future.result()
                tally.count(complaint)
                self._show(tally.progress(complaint))

    def _conduct(self, row: RunRow) -> str:
        """Take one run to its end; return what was wrong with it, or nothing."""
        task = self._tasks[row.run.cell.task]
        left = through_outages(lambda: self._left(row))
        spec = left or _spec_of(task, row.run)
        self._live.add(spec.swarm_id)  # before it is launched: what is live can be stopped
        try:
            if left is None:
                through_outages(lambda: self._launch(row.run, spec))
            if self._stopping.is_set():
                self._swarms.stop(spec.swarm_id, "the experiment was stopped")
            status, reason = self._swarms.until_settled(spec.swarm_id)
        finally:
            self._live.discard(spec.swarm_id)
        self._record_end(task, row.run, spec, status)
        return "" if status in VALID else f"{row.run.key} {status.value}: {reason}"

    def _left(self, row: RunRow) -> SwarmSpec | None:
        """Return the swarm of a run that an earlier command left and that is to be taken as it is.

        None if there is no such swarm.
        """
        if row.swarm_id is None or row.status in (SwarmStatus.STOPPED, SwarmStatus.FAILED):
            return None
        with self._parts.engine.begin() as connection:
            return read_spec(connection, row.swarm_id)

    def _launch(self, run: Run, spec: SwarmSpec) -> None:
        """Launch the swarm of a run; again after an outage, it is the same swarm."""
        with self._parts.engine.begin() as connection:
            records.record_launch(connection, self._experiment_id, run, spec.swarm_id)
        self._swarms.launch(spec)

    def _record_end(
        self, task: ExperimentTask, run: Run, spec: SwarmSpec, status: SwarmStatus
    ) -> None:
        statistics: dict[str, Any] = msgspec.to_builtins(self._swarms.statistics(spec.swarm_id))
        with self._parts.engine.begin() as connection:
            measures: RunMeasures | None = None
            if status in VALID:
                measures = measure_run(task, spec, read_attempts(connection, spec.swarm_id))
            records.record_end(
                connection,
                self._experiment_id,
                run,
                status=status,
                measures=measures,
                statistics=statistics,
            )

    def _end_all(self) -> None:
        """Stop every swarm that is under way; their threads then end by themselves."""
        self._stopping.set()
        for swarm_id in list(self._live):
            self._swarms.stop(swarm_id, "the experiment was stopped")


class _Tally:
    """Counts what has ended."""

    def __init__(self, *, total: int, done: int) -> None:
        self._total = total
        self._done = done
        self._failed = 0
        self._began = time.monotonic()

    def count(self, complaint: str) -> None:
        """Count one run that has ended, with what was wrong with it."""
        if complaint:
            self._failed += 1
        else:
            self._done += 1

    def progress(self, latest: str) -> Progress:
        """Return how far it is."""
        seconds = time.monotonic() - self._began
        return Progress(self._done, self._total, self._failed, latest, seconds)


def _spec_of(task: ExperimentTask, run: Run) -> SwarmSpec:
    cell = run.cell
    message = task.spec(cell.instance, run.seed, cell)
    return ready_spec(message, kind=task.kind, agents=cell.agents, mode=cell.mode, seed=run.seed)
