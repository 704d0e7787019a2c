"""Jobs run one after another in forked children, each bounded in CPU and wall-clock time.

A child goes through the jobs in order. When one hangs, crashes or exits, that job is the culprit:
it gets a result of its own, and a new child goes on after it. Runs inside the sandbox: standard
library only, Python 3.8 and newer.

The CPU timer counts user and system time, because a loop that allocates spends most of its time in
the kernel; its signal ends the process, so that a loop inside a C function ends as well.
"""

import json
import os
import select
import signal
import time
import warnings
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

_WALL_FLOOR_SECONDS = 2.0
_WALL_PER_CPU = 4.0


class Job(NamedTuple):
    """One test, run once."""

    test: str
    cpu_seconds: float
    swaps: Sequence[Any] = ()
    is_last_if_red: bool = False
    """Leave out what follows if this one is not green."""

    @property
    def wall_seconds(self) -> float:
        """The wall-clock bound that goes with the bound of CPU time."""
        return max(_WALL_FLOOR_SECONDS, self.cpu_seconds * _WALL_PER_CPU)


RED = ("failed", "error")
"""The outcomes that a swarm is there to change."""

Result = Dict[str, Any]
"""`outcome`, `seconds`, `message`; `lines` if they were traced; `is_timed_out`; `is_spent` if the
child is of no more use after it."""

Report = Callable[[Optional[Result]], None]
"""Hands one result to the parent; None asks for a fresh child for the jobs that are left."""

Body = Callable[[int, Report], None]
"""What a child does: all jobs from this index on, reporting each."""


class Child:
    """One forked process that performs jobs from a given one on."""

    def __init__(self, body: Body, first: int) -> None:
        """Fork."""
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer interpreters warn of forks beside threads
            self._pid = os.fork()
        if self._pid == 0:
            os.close(reading)
            _live(body, first, writing)
        os.close(writing)
        self._reading = reading
        self._pending = b""
        self._is_alive = True
        self._status = 0

    def results(self, jobs: Sequence[Job], first: int) -> Iterator[Result]:
        """Yield the results of the jobs from this one on, until the child ends or is ended.

        The job in which it dies gets a result that says so.
        """
        for job in jobs[first:]:
            kind, result = self._receive(job.wall_seconds)
            if kind == "late":
                yield _ended("the test ran out of time and was ended", is_timed_out=True)
                return
            if kind == "ended":
                yield _obituary(self._wait())
                return
            if result is None:  # the child asks for a fresh successor
                return
            yield result
            if result.get("is_spent"):
                return

    def end(self) -> None:
        """Kill the child, if it still lives, and what it started."""
        for kill in (os.killpg, os.kill) if self._is_alive else (os.killpg,):
            try:
                kill(self._pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        self._wait()
        os.close(self._reading)

    def _wait(self) -> int:
        if self._is_alive:
            self._status = os.waitpid(self._pid, 0)[1]
            self._is_alive = False
        return self._status

    def _receive(self, wall_seconds: float) -> Tuple[str, Any]:
        """Wait for the next message: a result, or `ended`, or `late`."""
        deadline = time.monotonic() + wall_seconds
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._reading], [], [], left)[0]:
                return "late", None
            data = os.read(self._reading, 1 << 16)
            if not data:
                return "ended", None
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return "result", json.loads(line)


def run_jobs(jobs: Sequence[Job], body: Body) -> Iterator[Tuple[int, Result]]:
    """Yield each job's index and result, in order."""
    first = 0
    while first < len(jobs):
        child = Child(body, first)
        try:
            for result in child.results(jobs, first):
                yield first, result
                first += 1
                if jobs[first - 1].is_last_if_red and result["outcome"] in RED:
                    return
        finally:
            child.end()


def limit_cpu(seconds: float) -> None:
    """End this process once it has used this much CPU time more, user and system together."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def mute() -> None:
    """Send what this process prints to nowhere, and give it nothing to read."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def _live(body: Body, first: int, writing: int) -> None:
    """Be the child: never returns."""
    own = os.getpid()

    def report(result: Optional[Result]) -> None:
        limit_cpu(0)
        if os.getpid() != own:  # a test forked, and its child came back up to here
            os._exit(0)
        _write(writing, result)

    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        mute()
        body(first, report)
    finally:
        os._exit(0)


def _write(writing: int, message: Any) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(writing, data) :]


def _obituary(status: int) -> Result:
    """Return the result of the job in which a child ended by itself."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGPROF:
            return _ended("the test used up its CPU time and was ended", is_timed_out=True)
        return _ended("the test ended its process with signal %d" % number)
    return _ended("the test ended its process with status %d" % os.WEXITSTATUS(status))


def _ended(message: str, *, is_timed_out: bool = False) -> Result:
    return {"outcome": "failed", "seconds": 0.0, "message": message, "is_timed_out": is_timed_out}
