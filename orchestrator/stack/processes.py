"""Long-lived processes that are not our children: start, recognise, wait for, stop.

A pid alone names nobody for long: it is handed out again. A process is known here by its pid, the
tick at which it started, and the boot in which that tick counts; nothing else is ever signalled.
"""

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from swarm_workers.clock import Clock, RealClock

POLL_SECONDS = 0.01
KILL_SECONDS_MAX = 5.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ProcessIdentity(BaseModel):
    """One process, for as long as it lives and never another."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: int
    """Clock ticks since the machine's boot, field 22 of `/proc/<pid>/stat`."""
    boot: str
    """The boot in which the tick counts."""


def spawn(
    argv: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str], **more: Any
) -> ProcessIdentity:
    """Start a process in a session of its own, output appended to `log`; return who it is.

    It outlives this process and its terminal. Does not block.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            cwd=cwd, env=dict(env), start_new_session=True, **more,
        )  # fmt: skip
    finally:
        os.close(descriptor)
    identity = identify(process.pid)
    assert identity is not None, "a child that nobody waited for keeps its entry in /proc"
    # Nobody waits through this object: it is dropped here, and must not complain about that.
    process.returncode = 0
    return identity


def identify(pid: int) -> ProcessIdentity | None:
    """Return who has this pid now, a zombie included; None if nobody."""
    fields = _stat(pid)
    if fields is None:
        return None
    return ProcessIdentity(pid=pid, started=int(fields[19]), boot=_boot())


def is_alive(identity: ProcessIdentity | None) -> bool:
    """Return whether that very process still runs (a zombie does not)."""
    if identity is None:
        return False
    fields = _stat(identity.pid)
    if fields is None or fields[0] in "ZX":
        return False
    return int(fields[19]) == identity.started and identity.boot == _boot()


def is_running_in(pid: int, folder: Path) -> bool:
    """Return whether the process works in this folder, which tells our server from a stranger."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except OSError:
        return False


def send(identity: ProcessIdentity, signal_number: int) -> None:
    """Signal the process if it still runs. Does not block."""
    with _held(identity) as held:
        _send(identity, held, signal_number)


def stop(
    identity: ProcessIdentity, *, signal_number: int, seconds_max: float, clock: Clock | None = None
) -> bool:
    """Signal the process and wait for its end; kill it when the time is up. Blocks.

    Returns:
        Whether that process was still there to be stopped.
    """
    if not is_alive(identity):
        reap(identity.pid)
        return False
    send(identity, signal_number)
    end_within(identity, seconds_max=seconds_max, clock=clock)
    return True


def end_within(
    identity: ProcessIdentity, *, seconds_max: float, clock: Clock | None = None
) -> None:
    """Wait for the end of a process that was told to end; kill it when the time is up. Blocks."""
    timer = clock or RealClock()
    with _held(identity) as held:
        if is_alive(identity) and not _wait_for_end(identity, held, seconds_max, timer):
            _send(identity, held, signal.SIGKILL)
            _wait_for_end(identity, held, KILL_SECONDS_MAX, timer)
    reap(identity.pid)


def reap(pid: int) -> None:
    """Take the zombie away if it was our child. Does not block."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _stat(pid: int) -> list[str] | None:
    """Return the fields of `/proc/<pid>/stat` after the name, which may hold spaces."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:  # hidden in some containers: then pid and tick must do
        return ""


@contextlib.contextmanager
def _held(identity: ProcessIdentity) -> Iterator[int | None]:
    """Hold a descriptor of the process, through which no successor can be hit; None without."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except OSError:  # gone, or a kernel that has none
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _send(identity: ProcessIdentity, held: int | None, signal_number: int) -> None:
    if not is_alive(identity):
        return
    with contextlib.suppress(ProcessLookupError):
        if held is None:
            os.kill(identity.pid, signal_number)
        else:
            signal.pidfd_send_signal(held, signal_number)


def _wait_for_end(
    identity: ProcessIdentity, held: int | None, seconds_max: float, clock: Clock
) -> bool:
    if held is not None:
        ready, _, _ = select.select([held], [], [], seconds_max)
        return bool(ready)
    deadline = clock.monotonic() + seconds_max
    while is_alive(identity) and clock.monotonic() < deadline:
        clock.sleep(POLL_SECONDS)
    return not is_alive(identity)
