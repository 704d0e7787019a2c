"""System calls that the standard library does not wrap, with the kernel's error numbers."""

from __future__ import annotations

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)

PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
PR_GET_SECCOMP = 21


def syscall(number: int, *arguments: object) -> int:
    """Make a system call and return its result.

    Raises:
        OSError: the kernel said no.
    """
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *words))


def prctl(option: int, *arguments: object) -> int:
    """Change or ask something of this process.

    Raises:
        OSError: the kernel said no.
    """
    words = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    words += [ctypes.c_ulong(0)] * (4 - len(words))
    return _checked(_LIBC.prctl(ctypes.c_int(option), *words))


def drop_capabilities() -> None:
    """Give up every capability of this process, for good.

    Raises:
        OSError: the kernel said no.
    """
    version_3_this_process = (ctypes.c_uint32 * 2)(0x20080522, 0)
    none_at_all = (ctypes.c_uint32 * 6)()
    _checked(_LIBC.capset(version_3_this_process, none_at_all))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
