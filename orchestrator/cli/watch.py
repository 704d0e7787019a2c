"""Watching a swarm until it is settled: live on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from orchestrator.launch.orders import baseline_order
from orchestrator.launch.parts import Parts
from orchestrator.launch.refill import OUTAGES, step_swarm
from orchestrator.launch.stop import stop
from orchestrator.queries.status import SwarmRow, read_swarm
from tasks_schema.kinds import SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec

_LOOK_SECONDS = 0.15
_LINE_SECONDS = 5.0
_DRAIN_SECONDS_MAX = 30.0
_OUTAGE_SECONDS_MAX = 60.0
"""A server may be away for so long before the watcher gives up; the swarm goes on without it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a running swarm."""

    row: SwarmRow
    candidates: int
    """Candidates tried so far, those of running attempts included as they are shared."""
    seconds_left: float
    is_waiting: bool = False
    """True while no worker has begun to measure the code as it is."""


def until_settled(
    parts: Parts,
    spec: SwarmSpec,
    *,
    is_quiet: bool,
    notes: Sequence[str] = (),
    is_interrupted: Callable[[], bool] = lambda: False,
) -> SwarmRow:
    """Block until the swarm has ended and its attempts are reported.

    The watcher also takes the refill's steps, so that a launch works where no refill runs.

    Args:
        parts: connections.
        spec: of the swarm.
        is_quiet: True to show no progress.
        notes: shown first, whether quiet or not.
        is_interrupted: asked at every look; once it says so, the swarm is stopped.
    """
    for note in notes:
        sys.stderr.write(f"note: {note}\n")
    if not _watch(parts, spec, is_interrupted, is_quiet=is_quiet):
        stop(parts, spec.swarm_id, "stopped by Ctrl-C")
        sys.stderr.write("\nstopping: running attempts end within seconds\n")
    return _drained(parts, spec)


def _watch(
    parts: Parts, spec: SwarmSpec, is_interrupted: Callable[[], bool], *, is_quiet: bool
) -> bool:
    """Return True when the swarm has ended, False when the watching was interrupted before."""
    answered_at = time.monotonic()
    with _display(is_quiet=is_quiet) as show:
        while not is_interrupted():
            try:
                step_swarm(parts, spec.swarm_id)
                progress = _look(parts, spec)
            except OUTAGES:
                _bear(answered_at + _OUTAGE_SECONDS_MAX)
                continue
            answered_at = time.monotonic()
            show(progress)
            if progress.row.status.is_final:
                return True
            time.sleep(_LOOK_SECONDS)  # noqa: TID251 - a person's eyes set the pace here
    return False


def _look(parts: Parts, spec: SwarmSpec) -> Progress:
    with parts.engine.begin() as connection:
        row = read_swarm(connection, spec.swarm_id)
    shared = parts.spaces.shared(spec.swarm_id)
    baseline = shared.turn(baseline_order(spec).agent)
    candidates, turn = shared.stm.atomically(
        lambda: (shared.candidates.value(), baseline.get().turn)
    )
    return Progress(
        row,
        max(candidates, row.candidates),
        max(0.0, spec.task.budget.seconds - row.seconds),
        is_waiting=row.status is SwarmStatus.PENDING and turn < 0,
    )


def _drained(parts: Parts, spec: SwarmSpec) -> SwarmRow:
    """Return the swarm once all that was sent is reported, or after a bounded wait."""
    deadline = time.monotonic() + _DRAIN_SECONDS_MAX
    while True:
        try:
            step_swarm(parts, spec.swarm_id)
            row = _look(parts, spec).row
        except OUTAGES:
            _bear(deadline)
            continue
        is_done = row.status.is_final and row.in_flight == 0
        if is_done or time.monotonic() > deadline:
            return row
        time.sleep(_LOOK_SECONDS)  # noqa: TID251 - see above


def _bear(until: float) -> None:
    """Wait a little after a failure of a server; raises it again when the time is over."""
    if time.monotonic() > until:
        raise  # noqa: PLE0704 - called where it is handled
    time.sleep(_LOOK_SECONDS)  # noqa: TID251 - see above


def _display(*, is_quiet: bool) -> AbstractContextManager[Callable[[Progress], None]]:
    if is_quiet:
        return nullcontext(lambda _progress: None)
    if sys.stderr.isatty():
        from orchestrator.cli.live import LiveDisplay  # noqa: PLC0415 - rich is slow to import

        return LiveDisplay()
    return nullcontext(_Lines())


class _Lines:
    """Progress as lines on stderr: when something changed, or after a few seconds."""

    def __init__(self) -> None:
        self._shown_at = -_LINE_SECONDS
        self._shown = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        line = line_of(progress)
        key = line.split(" · ", 1)[0] + str(len(progress.row.landings))
        if key == self._shown and now - self._shown_at < _LINE_SECONDS:
            return
        self._shown, self._shown_at = key, now
        sys.stderr.write(line + "\n")


def line_of(progress: Progress) -> str:
    """Return progress in one line."""
    row = progress.row
    if progress.is_waiting:
        return f"{row.spec.swarm_id}: waiting for a worker that is free"
    if row.status is SwarmStatus.PENDING or row.tests_after is None:
        return f"{row.spec.swarm_id}: running the success command on the code as it is"
    tests = row.tests_after
    rate = progress.candidates / max(row.seconds, 0.001)
    return (
        f"{row.spec.swarm_id}: {tests.passed} of {tests.passed + tests.failed} tests green"
        f" · {row.attempts} attempts · {progress.candidates} candidates ({rate:.0f}/s)"
        f" · {len(row.landings)} landings · {progress.seconds_left:.0f} s left"
    )
