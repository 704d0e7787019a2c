"""The second wall around files: rights on paths, held by the process itself.

It also keeps a job from signalling and tracing the zygote, which lives outside its domain.

Source: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import struct

from .kernel import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
_READ = EXECUTE | READ_FILE | READ_DIR
_SCOPE_ABSTRACT_UNIX_AND_SIGNALS = 3
_VERSION_SCOPES = 6

VERSION_MIN = 2
"""Version 1 forbids every rename across folders, which honest tests do."""


def version() -> int:
    """Return the Landlock version of this kernel; 0 when it has none or has it switched off."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def make_ruleset(writable_folders: list[str], appendable_files: list[str]) -> int | None:
    """Return a descriptor of the rules: all may be read, little written. None without Landlock.

    Raises:
        OSError: the kernel refused a rule.
    """
    abi = version()
    if abi < VERSION_MIN:
        return None
    handled = _handled(abi)
    scopes = _SCOPE_ABSTRACT_UNIX_AND_SIGNALS if abi >= _VERSION_SCOPES else 0
    attributes = struct.pack("QQQ", handled, 0, scopes)
    size = 24 if abi >= _VERSION_SCOPES else 8
    ruleset = syscall(_CREATE_RULESET, ctypes.c_char_p(attributes), size, 0)
    _allow(ruleset, "/", _READ & handled)
    _allow(ruleset, "/dev", (_READ | WRITE_FILE | TRUNCATE | IOCTL_DEV) & handled)
    for folder in writable_folders:
        _allow(ruleset, folder, handled)
    for file in appendable_files:
        _allow(ruleset, file, (READ_FILE | WRITE_FILE | TRUNCATE) & handled)
    return ruleset


def restrict_self(ruleset: int) -> None:
    """Put this process, and all that it will start, under the rules for good.

    Raises:
        OSError: the kernel said no.
    """
    syscall(_RESTRICT_SELF, ruleset, 0)


def _handled(abi: int) -> int:
    if abi >= 5:
        return (1 << 16) - 1
    return (1 << 15) - 1 if abi >= 3 else (1 << 14) - 1


def _allow(ruleset: int, path: str, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, fd)
        syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(fd)
