"""Starting a server and waiting until it serves: one bounded loop for both servers."""

import signal
from collections.abc import Callable
from pathlib import Path

from orchestrator.errors import ServerStartError
from orchestrator.stack.processes import POLL_SECONDS, ProcessIdentity, is_alive, stop
from swarm_workers.clock import Clock, RealClock

_ATTEMPTS_MAX = 5
_PAUSE_SECONDS = 0.2


def start_until_ready(
    name: str,
    attempt: Callable[[], ProcessIdentity],
    is_ready: Callable[[ProcessIdentity], bool],
    *,
    log: Path,
    seconds_max: float,
    clock: Clock | None = None,
) -> ProcessIdentity:
    """Start a server and return it when it serves. Blocks.

    What passes is tried again: between the choice of a port and its use another program may take
    it, and after a crash the dead server's children may hold its data for a moment.

    Raises:
        ServerStartError: it ended each time, or was not ready within `seconds_max`.
    """
    timer = clock or RealClock()
    reason = ""
    for count in range(_ATTEMPTS_MAX):
        timer.sleep(count * _PAUSE_SECONDS)
        begin = log.stat().st_size if log.exists() else 0
        process = attempt()
        try:
            if _becomes_ready(process, is_ready, seconds_max=seconds_max, clock=timer):
                return process
        except BaseException:  # an interrupt too must not leave behind what it kept from ending
            stop(process, signal_number=signal.SIGKILL, seconds_max=1)
            raise
        if is_alive(process):
            stop(process, signal_number=signal.SIGKILL, seconds_max=1)
            raise ServerStartError(name, f"not ready within {seconds_max:g} s", log)
        reason = last_words(log, begin=begin)
        if not any(word in reason for word in _PASSING):
            break
    raise ServerStartError(name, reason, log)


def _becomes_ready(
    process: ProcessIdentity,
    is_ready: Callable[[ProcessIdentity], bool],
    *,
    seconds_max: float,
    clock: Clock,
) -> bool:
    deadline = clock.monotonic() + seconds_max
    while is_alive(process) and clock.monotonic() < deadline:
        if is_ready(process):
            return True
        clock.sleep(POLL_SECONDS)
    return False


def last_words(log: Path, *, begin: int = 0) -> str:
    """Return the last line that says why, of what was written to the log since `begin`."""
    with log.open("rb") as stream:
        stream.seek(begin)
        lines = stream.read(2**16).decode(errors="replace").splitlines()
    telling = [line for line in lines if any(word in line for word in _TELLING)]
    return (telling or lines or ["it ended without a word"])[-1].strip()


_PASSING = ("in use", "lock file")
_TELLING = ("FATAL", "PANIC", "No space left", "Permission denied", "# ", "error", "Can't")
