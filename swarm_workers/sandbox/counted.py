"""Code that an agent wrote, run on a function that counts its calls, in a sandbox that stays warm.

The process that runs the code does not hold the function: it asks for values, and the process that
answers counts, and answers no more than it may. So the count is true whatever the code does.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from swarm_workers.interpreter import find_interpreter
from swarm_workers.sandbox.errors import SandboxBrokenError, SessionEndedError, SessionTimeoutError
from swarm_workers.sandbox.inside import job
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.sandbox import Sandbox
from swarm_workers.sandbox.session import Session
from swarm_workers.settings import Settings

CODE_BYTES_MAX = 64 * 1024
RUN_CPU_SECONDS_MAX = 5.0
RUN_WALL_SECONDS_MAX = 20.0
_SESSION_SECONDS_MAX = 3600.0
_GRACE_SECONDS = 10.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CountedRun:
    """What came of one run."""

    evaluations: int
    """Calls of the function that were answered."""
    answer: JsonValue
    """What the code left in `answer`: its own claim; None if it left nothing."""
    error: str
    """What it raised, or why it was ended; empty if it came to its end."""
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class CountedFunction:
    """A function that the sandbox knows, and how often it may be called."""

    name: str
    """A key of `inside.surfaces.FORMS`."""
    shift: Sequence[float]
    """How far its optimum is moved, along each axis."""
    evaluations_max: int


class CountedRunner:
    """Runs such code. Not for two threads at once, but for `interrupt`. Boots on first use."""

    def __init__(self, settings: Settings) -> None:
        """Take the bounds of a job; nothing is started."""
        self._settings = settings
        self._sandbox: Sandbox | None = None
        self._session: Session | None = None
        self._lock = threading.Lock()

    def run(self, code: str, function: CountedFunction) -> CountedRun:
        """Run one piece of code and wait for its end. Some 5 ms and 20 µs a call once it is warm.

        Raises:
            NoIsolationError: this machine cannot isolate.
            SandboxBrokenError: the sandbox was lost, twice.
        """
        if len(code.encode()) > CODE_BYTES_MAX:
            return CountedRun(0, None, f"its code is longer than {CODE_BYTES_MAX} bytes", 0.0)
        request = {
            "code": code,
            "function": function.name,
            "shift": list(function.shift),
            "evaluations_max": function.evaluations_max,
            "cpu_seconds": RUN_CPU_SECONDS_MAX,
            "wall_seconds": RUN_WALL_SECONDS_MAX,
        }
        reply = self._ask(request)
        return CountedRun(
            int(reply["evaluations"]), reply["answer"], reply["error"], float(reply["cpu_seconds"])
        )

    def interrupt(self) -> None:
        """End what runs now, from another thread; the next run boots anew."""
        with self._lock:
            if self._sandbox is not None:
                self._sandbox.kill()

    def close(self) -> None:
        """End the sandbox. Safe to call twice."""
        with self._lock:
            sandbox, self._sandbox, self._session = self._sandbox, None, None
        if sandbox is not None:
            sandbox.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        session = self._opened()
        try:
            session.send(request)
            return session.receive(RUN_WALL_SECONDS_MAX + _GRACE_SECONDS)
        except (SessionEndedError, SessionTimeoutError) as error:
            # A limit of the whole session, or code that attacked it: the next one starts afresh.
            self.close()
            reason = str(error).splitlines()[0]
            _LOG.warning("a search session ended: %s", reason)
            return {"evaluations": 0, "answer": None, "error": reason, "cpu_seconds": 0.0}
        except SandboxBrokenError:
            self.close()
            raise

    def _opened(self) -> Session:
        if self._session is not None and self._session.is_open:
            return self._session
        try:
            session = self._booted().open({}, "search_session", {})
        except SandboxBrokenError as error:
            _LOG.warning("sandbox broke and is booted again: %s", error)
            self.close()
            session = self._booted().open({}, "search_session", {})
        self._session = session
        return session

    def _booted(self) -> Sandbox:
        if self._sandbox is None:
            interpreter = find_interpreter(Path(job.BOX), None)
            sandbox = Sandbox.boot(
                interpreter,
                repository=job.BOX,
                limits=Limits.of(self._settings, _SESSION_SECONDS_MAX),
            )
            with self._lock:
                self._sandbox = sandbox
        return self._sandbox
