"""The supervisor: keeps the fleet and the embedded servers alive until it is told to end.

Run as `python -m orchestrator.stack.supervise`, once for a state folder. It decides nothing: what
is to run stands in the plan that `swarm up` wrote. Programs have sessions of their own, so one that
is killed leaves them running; its successor takes them over from the file that it kept.
"""

import fcntl
import logging
import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType

from orchestrator.errors import StackError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack.fleet import Plan, Running, load_plan, load_running, save_running
from orchestrator.stack.logs import rotate_logs
from orchestrator.stack.processes import ProcessIdentity, identify, is_alive, stop
from orchestrator.stack.servers import start_servers
from orchestrator.stack.state import StackState, load_state, save_state, try_locked
from orchestrator.stack.watched import Watched
from swarm_workers.clock import Clock, RealClock

TICK_SECONDS = 0.5
_ROTATE_TICKS = 60
_log = logging.getLogger("supervisor")


class Supervisor:
    """Looks twice a second, and at once when a child ends."""

    def __init__(self, settings: OrchestratorSettings, plan: Plan, clock: Clock) -> None:
        """Take over what a predecessor left running as planned, and end the rest of it."""
        self._settings = settings
        self._clock = clock
        own = identify(os.getpid())
        assert own is not None, "this process has an entry in /proc"
        self._own: ProcessIdentity = own
        self._watched = [Watched(program, settings) for program in plan.programs]
        self._server_due_at = 0.0
        left = load_running(settings.home)
        self._adopt(left)
        self._write_down()

    def tend(self) -> None:
        """Start what ought to run and does not."""
        now = self._clock.monotonic()
        if now >= self._server_due_at:
            self._tend_servers(now)
        changes = [watched.tend(now) for watched in self._watched]
        if any(changes):
            self._write_down()

    def end(self) -> None:
        """End all programs, all at once, each with its grace period. Blocks."""
        for watched in self._watched:
            watched.ask_to_end()
        deadline = self._clock.monotonic() + self._settings.drain_seconds_max
        for watched in self._watched:
            watched.wait_for_end(max(0.0, deadline - self._clock.monotonic()))
        self._write_down()

    def _adopt(self, left: Running | None) -> None:
        programs = dict(left.programs) if left else {}
        for watched in self._watched:
            watched.adopt(programs.pop(watched.program.name, None))
        for program, process in programs.values():
            stop(
                process, signal_number=signal.SIGTERM, seconds_max=self._settings.drain_seconds_max
            )
            _log.info("ended %s, which is not part of the plan any more", program.name)

    def _tend_servers(self, now: float) -> None:
        state = load_state(self._settings.home)
        if state is None or all(map(is_alive, filter(None, (state.valkey, state.postgres)))):
            return
        with try_locked(self._settings.home) as is_ours:
            repaired = self._restart_servers(state, now) if is_ours else None
        if repaired is None:
            return
        _log.warning("started a server that had died")
        if (repaired.redis_url, repaired.database_url) != (state.redis_url, state.database_url):
            self.end()  # they hold an address that is no more; the next look starts them anew

    def _restart_servers(self, state: StackState, now: float) -> StackState | None:
        try:
            return save_state(self._settings.home, start_servers(self._settings, state))
        except (StackError, OSError):
            self._server_due_at = now + self._settings.restart_seconds_max
            _log.exception("a server is down and could not be started")
            return None

    def _write_down(self) -> None:
        programs = {
            watched.program.name: (watched.program, watched.process)
            for watched in self._watched
            if watched.process is not None
        }
        save_running(self._settings.home, Running(supervisor=self._own, programs=programs))


class _Signals:
    """Waking up at a signal or after a while, whichever comes first, without a race between."""

    def __init__(self) -> None:
        self.is_told_to_end = False
        self._read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def wait(self, seconds_max: float) -> None:
        """Block until a signal comes or the time is up."""
        ready, _, _ = select.select([self._read], [], [], seconds_max)
        if ready:
            os.read(self._read, 4096)

    def _tell(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.is_told_to_end = True


def main() -> int:
    """Run until told to end; return the exit status. Blocks."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    settings = OrchestratorSettings()
    if not _is_only_one(settings.home):
        _log.info("another supervisor keeps this fleet")
        return 0
    signals = _Signals()
    supervisor = Supervisor(settings, load_plan(settings.home), RealClock())
    ticks = 0
    while not signals.is_told_to_end:
        supervisor.tend()
        if ticks % _ROTATE_TICKS == 0:
            rotate_logs(settings.home / "logs", bytes_max=settings.log_bytes_max)
        signals.wait(TICK_SECONDS)
        ticks += 1
    supervisor.end()
    return 0


def _is_only_one(home: Path) -> bool:
    """Take the lock that a supervisor holds for as long as it lives."""
    descriptor = os.open(home / "run" / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    return True  # the descriptor stays open: the lock ends with this process


if __name__ == "__main__":
    sys.exit(main())
