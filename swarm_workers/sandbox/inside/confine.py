"""One process gives up everything that a job must not have. There is no way back.

The order matters: the uid is dropped while the capability to do so is there, files are confined
before system calls, and the filter of system calls comes last because it forbids some of the steps
before it.
"""

from __future__ import annotations

import os
import resource
from typing import Any

from . import kernel, landlock, seccomp

_DESCRIPTORS_MAX = 1024
_KERNEL_COUNTS_PER_NAMESPACE = (5, 14)


def become_slot(slot_uid: int | None) -> None:
    """Become the unprivileged user of this sandbox; None leaves the user as it is.

    Raises:
        OSError: the kernel said no.
    """
    if slot_uid is not None:
        os.setgroups([])
        os.setresgid(slot_uid, slot_uid, slot_uid)
        os.setresuid(slot_uid, slot_uid, slot_uid)


def confine(
    slot_uid: int | None, limits: dict[str, Any], ruleset: int | None, program: bytes
) -> None:
    """Give up user, resources, files, privileges and system calls, in this order.

    Raises:
        OSError: one step failed; the caller must not run the job.
    """
    become_slot(slot_uid)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # the job may read its own /proc/self again
    _be_killed_first()
    _limit(limits, is_own_user=slot_uid is not None)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if ruleset is not None:
        landlock.restrict_self(ruleset)
        os.close(ruleset)
    kernel.drop_capabilities()
    seccomp.install(program)


def _be_killed_first() -> None:
    """Offer this process to the kernel first, should the machine run out of memory."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _limit(limits: dict[str, Any], *, is_own_user: bool) -> None:
    cpu_seconds = int(limits["cpu_seconds"]) + 1
    _set(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _set(resource.RLIMIT_AS, limits["memory_bytes"])
    _set(resource.RLIMIT_FSIZE, limits["file_bytes"])
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, _DESCRIPTORS_MAX)
    if is_own_user or _kernel_version() >= _KERNEL_COUNTS_PER_NAMESPACE:
        # Before, the kernel counted what the same user runs anywhere on the machine.
        _set(resource.RLIMIT_NPROC, limits["processes"])


def _set(which: int, soft: int, hard: int | None = None) -> None:
    ceiling = resource.getrlimit(which)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(soft if hard is None else hard, ceiling)
    resource.setrlimit(which, (soft, soft if hard is None else hard))


def _kernel_version() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(c for c in minor if c.isdigit()))
