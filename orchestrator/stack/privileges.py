"""Running a server that refuses to be root, without making users or opening folders.

In a user namespace of its own the process sees itself as `nobody`, while its files stay owned by
the real root: no account is made, and the data may lie under a root home of mode 0700. Where user
namespaces are off, the process really becomes `nobody`, and the data folder is given to it.
"""

import os
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

    def own(self, folder: Path) -> None:
        """Give a folder or file to the user that the program becomes, if that is another."""
        if self.options:
            shutil.chown(folder, user=NOBODY)


@cache
def unprivileged() -> Unprivileged:
    """Return how to run a program as somebody who is not root. May start one short process."""
    if os.geteuid() != 0:
        return Unprivileged()
    if _has_user_namespaces():
        return Unprivileged(prefix=_NAMESPACE)
    return Unprivileged(options={"user": NOBODY, "extra_groups": []})


def _has_user_namespaces() -> bool:
    try:
        done = subprocess.run([*_NAMESPACE, "true"], check=False, capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
