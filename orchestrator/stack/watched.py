"""One program under supervision: started, started again after a growing pause, ended."""

import logging
import os
import signal

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack.fleet import Program
from orchestrator.stack.processes import (
    ProcessIdentity,
    end_within,
    is_alive,
    reap,
    send,
    spawn,
    stop,
)

FIRST_PAUSE_SECONDS = 0.5
SETTLED_SECONDS = 60.0
"""How long a program must run for its earlier deaths to be forgotten."""
_log = logging.getLogger("supervisor")


class Watched:
    """A program and the process that runs it now."""

    def __init__(self, program: Program, settings: OrchestratorSettings) -> None:
        """Watch this program; nothing is started yet."""
        self.program = program
        self.process: ProcessIdentity | None = None
        self._settings = settings
        self._deaths = 0
        self._began_at = 0.0
        self._due_at = 0.0

    def adopt(self, left: tuple[Program, ProcessIdentity] | None) -> None:
        """Take over what runs already, if it was started by the same plan; else end it. Blocks."""
        if left is None:
            return
        program, process = left
        if program == self.program:
            self.process = process if is_alive(process) else None
        else:
            stop(
                process, signal_number=signal.SIGTERM, seconds_max=self._settings.drain_seconds_max
            )

    def tend(self, now: float) -> bool:
        """Start the program if it does not run and its pause is over; say whether anything changed.

        Args:
            now: monotonic seconds.
        """
        if is_alive(self.process):
            return False
        if self.process is not None:
            self._note_death(now)
            return True
        if now < self._due_at:
            return False
        self._start(now)
        return True

    def ask_to_end(self) -> None:
        """Tell the program to end. Does not block."""
        if self.process is not None:
            send(self.process, signal.SIGTERM)

    def wait_for_end(self, seconds_max: float) -> None:
        """Wait until the program has ended; kill it after that time. Blocks.

        It is not told again: a second signal would cut a worker's soft shutdown short.
        """
        if self.process is not None:
            end_within(self.process, seconds_max=seconds_max)
            self.process = None

    def _note_death(self, now: float) -> None:
        assert self.process is not None, "only a process can have died"
        reap(self.process.pid)
        self._deaths = 0 if now - self._began_at > SETTLED_SECONDS else self._deaths
        pause = min(FIRST_PAUSE_SECONDS * 2**self._deaths, self._settings.restart_seconds_max)
        self._deaths += 1
        self._due_at = now + pause
        self.process = None
        _log.warning("%s ended; it starts again in %.1f s", self.program.name, pause)

    def _start(self, now: float) -> None:
        home = self._settings.home
        if self.program.ready_file is not None:
            self.program.ready_file.unlink(missing_ok=True)  # of a predecessor that was killed
        self.process = spawn(
            self.program.argv,
            log=home / "logs" / f"{self.program.name}.log",
            cwd=home,
            env={**os.environ, **self.program.env},
        )
        self._began_at = now
        _log.info("started %s as process %d", self.program.name, self.process.pid)
