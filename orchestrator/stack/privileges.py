"""Running a server that refuses to be root, or a user without a name, as somebody else.

In a user namespace of its own the process sees itself as `nobody`, while its files stay owned by
the real user: no account is made, no folder opened, and the data may lie under a home of mode 0700.
Where user namespaces are off, a root's process really becomes `nobody`, and its data folder is
given to it.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

NOBODY = "nobody"
_NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")


@dataclass(frozen=True)
class Unprivileged:
    """How to start a program so that it is not root."""

    prefix: tuple[str, ...] = ()
    """What to put before its argv."""
    options: dict[str, Any] = field(default_factory=dict)
    """What to give `subprocess` besides."""

    def own(self, path: Path) -> None:
        """Give a folder or file to the user that the program becomes, if that is another."""
        if self.options:
            shutil.chown(path, user=NOBODY)

    def let_through(self, folder: Path) -> None:
        """Let that user pass through a folder of ours, without seeing what is in it."""
        if self.options:
            folder.chmod(0o711)


@cache
def unprivileged() -> Unprivileged:
    """Return how to run a program as a named user who is not root. May start one short process."""
    is_root = os.geteuid() == 0
    if not is_root and _has_name():
        return Unprivileged()
    if _has_user_namespaces():
        return Unprivileged(prefix=_NAMESPACE)
    return Unprivileged(options=_as_nobody() if is_root else {})


def _as_nobody() -> dict[str, Any]:
    return {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid, "extra_groups": []}


def _has_name() -> bool:
    """Return whether this user has an account; in a container it often is a bare number."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def _has_user_namespaces() -> bool:
    try:
        done = subprocess.run([*_NAMESPACE, "true"], check=False, capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
