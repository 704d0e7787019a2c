"""The supervisor as `up` and `down` see it: start it, wait for what it keeps, end it."""

import os
import signal
import sys
from collections.abc import Callable

from orchestrator.errors import StackError, UsageError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack.fleet import (
    PLAN_FILE,
    RUNNING_FILE,
    Plan,
    Program,
    Running,
    default_concurrency,
    load_plan,
    load_running,
    save_plan,
)
from orchestrator.stack.processes import ProcessIdentity, is_alive, spawn, stop
from orchestrator.stack.readiness import last_words
from orchestrator.stack.state import StackState
from swarm_workers.clock import Clock, RealClock

Planner = Callable[[OrchestratorSettings, int], Plan]
"""From settings and the worker's concurrency to the programs of a fleet."""
_POLL_SECONDS = 0.02
_DEATHS_MAX = 2
_MARGIN_SECONDS = 10


def start_fleet(
    settings: OrchestratorSettings, state: StackState, concurrency: int | None, planner: Planner
) -> StackState:
    """Start the supervisor unless it runs, and return the stack with it. Does not wait.

    Raises:
        UsageError: it runs with another concurrency than asked for.
    """
    known = _supervisors(state, load_running(settings.home))
    supervisor = next((process for process in known if is_alive(process)), None)
    if supervisor is not None:
        if concurrency not in (None, state.concurrency):
            raise UsageError(
                f"the fleet runs {state.concurrency} attempts at once: "
                f"run `swarm down`, then `swarm up --concurrency {concurrency}`"
            )
        return state.model_copy(update={"supervisor": supervisor})
    wanted = concurrency or state.concurrency or default_concurrency(settings)
    save_plan(settings.home, planner(settings, wanted))
    started = spawn(
        [sys.executable, "-m", "orchestrator.stack.supervise"],
        log=settings.home / "logs" / "supervisor.log",
        cwd=settings.home,
        env={**os.environ, **settings.as_environment()},
    )
    return state.model_copy(update={"supervisor": started, "concurrency": wanted})


def wait_for_fleet(
    settings: OrchestratorSettings, supervisor: ProcessIdentity, clock: Clock | None = None
) -> None:
    """Return when every program that says when it is ready has said so. Blocks, bounded.

    Raises:
        StackError: the supervisor is gone, a program keeps dying, or the time is up.
    """
    timer = clock or RealClock()
    deadline = timer.monotonic() + settings.start_seconds_max
    for program in load_plan(settings.home).programs:
        seen: set[ProcessIdentity] = set()
        while not _is_ready(settings, supervisor, program, seen):
            if not is_alive(supervisor):
                raise StackError(
                    f"the fleet ended while it started: {_why(settings, 'supervisor')}"
                )
            deaths = sum(not is_alive(process) for process in seen)
            if deaths >= _DEATHS_MAX or timer.monotonic() > deadline:
                raise StackError(
                    f"the {program.name} does not start: {_why(settings, program.name)}"
                )
            timer.sleep(_POLL_SECONDS)


def end_fleet(settings: OrchestratorSettings, state: StackState | None) -> list[str]:
    """End the supervisor, which ends its programs, and what a killed one left. Blocks.

    Returns:
        The names of what ran.
    """
    running = load_running(settings.home)
    programs = running.programs if running else {}
    # The supervisor first: it would start the others again.
    known = [("supervisor", process) for process in _supervisors(state, running)]
    known += [(name, process) for name, (_, process) in programs.items()]
    stopped = [name for name, process in known if is_alive(process)]
    seconds_max = settings.drain_seconds_max + _MARGIN_SECONDS
    for _, process in known:
        stop(process, signal_number=signal.SIGTERM, seconds_max=seconds_max)
    for file in (PLAN_FILE, RUNNING_FILE):
        (settings.home / file).unlink(missing_ok=True)
    return stopped


def _supervisors(state: StackState | None, running: Running | None) -> set[ProcessIdentity]:
    """Return the supervisors on record: `up` notes one at once, it notes itself a little later."""
    noted = (state and state.supervisor, running and running.supervisor)
    return {process for process in noted if process}


def _is_ready(
    settings: OrchestratorSettings,
    supervisor: ProcessIdentity,
    program: Program,
    seen: set[ProcessIdentity],
) -> bool:
    """Return whether the program works; add the process that runs it now to those seen.

    The file counts only beside a living process that this supervisor started: it removes the file
    of a predecessor before the start, and notes the process after it.
    """
    if program.ready_file is None:
        return True
    running = load_running(settings.home)
    if running is None or running.supervisor != supervisor or program.name not in running.programs:
        return False
    process = running.programs[program.name][1]
    seen.add(process)
    return is_alive(process) and program.ready_file.exists()


def _why(settings: OrchestratorSettings, name: str) -> str:
    log = settings.home / "logs" / f"{name}.log"
    words = last_words(log) if log.exists() else "it was not started"
    return f"{words} (see '{log}', then `swarm down`)"
