"""What the processes of this namespace use, and the end of all of them.

The zygote is process 1 here: the kernel hands it every orphan, and nothing inside can kill it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from typing import NamedTuple

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """What all processes but the zygote use at this instant."""

    processes: int
    """Processes and threads."""
    memory_bytes: int
    """Memory of their own. Pages shared by forked processes count for each, so it errs upwards."""
    cpu_seconds: float
    """User and system time of the living, and of those that the living have waited for."""


def measure() -> Usage:
    """Return what is used now. Processes that end while it looks are left out."""
    count, memory, ticks = 0, 0, 0
    for name in os.listdir("/proc"):
        if not name.isdigit() or name == "1":
            continue
        try:
            threads, bytes_used = _status(name)
            ticks += _ticks(name)
        except (OSError, ValueError, IndexError):
            continue
        count += threads
        memory += bytes_used
    return Usage(count, memory, ticks / _TICKS_PER_SECOND)


def cpu_seconds_of_the_dead() -> float:
    """Return the CPU time of all processes that the zygote has ever waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def kill_all() -> None:
    """Kill every process but the zygote and wait until the kernel has taken each away.

    Blocks; a process in an uninterruptible system call holds it up, which the worker bounds.
    """
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.wait4(-1, 0)
        except ChildProcessError:
            return


def _status(process: str) -> tuple[int, int]:
    threads, memory = 0, 0
    with open("/proc/%s/status" % process, "rb") as file:
        for line in file:
            if line.startswith((b"RssAnon:", b"RssShmem:")):
                memory += int(line.split()[1]) * 1024
            elif line.startswith(b"Threads:"):
                threads = int(line.split()[1])
                break
    return threads, memory


def _ticks(process: str) -> int:
    with open("/proc/%s/stat" % process, "rb") as file:
        after_name = file.read().rpartition(b")")[2].split()
    return sum(int(field) for field in after_name[11:15])
