"""Who holds a lease: a process, named so that another on its host can tell whether it lives.

A process id alone is reused; with the kernel's start time of the process it is not.
"""

import os
import socket
from pathlib import Path


def this_holder() -> str:
    """Return `host/pid/start` of this process, unique over hosts and restarts."""
    return _holder_of(os.getpid())


def is_known_dead(holder: str) -> bool:
    """Say whether the process is known to have ended: only its own host can know."""
    host, _, rest = holder.partition("/")
    pid, _, _ = rest.partition("/")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return _start_of(int(pid)) is None or _holder_of(int(pid)) != holder


def _holder_of(pid: int) -> str:
    return f"{socket.gethostname()}/{pid}/{_start_of(pid) or 0}"


def _start_of(pid: int) -> int | None:
    """Return the kernel's start time of a process in clock ticks; None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])
