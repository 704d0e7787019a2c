"""A patch put into a folder by git itself: all of it, or nothing."""

import subprocess
from pathlib import Path

from orchestrator.errors import UsageError

_GIT_SECONDS_MAX = 60


def apply_patch(patch: bytes, folder: Path, *, branch: str | None, message: str | None) -> str:
    """Apply a patch to a folder, and say what was done.

    Args:
        patch: a unified diff; an empty one changes nothing.
        folder: the root of the code; a git repository only if a branch or a commit is asked for.
        branch: a git branch to make and switch to first; None stays where it is.
        message: commit what was changed with this message; None commits nothing.

    Raises:
        UsageError: git is not there, the patch does not fit, or the branch cannot be made.
    """
    root = folder.expanduser().resolve()
    if not root.is_dir():
        raise UsageError(f"there is no folder '{root}'")
    if not patch:
        return "the swarm changed nothing: there is nothing to apply"
    _git(root, ["apply", "--check", "-"], "the patch does not fit", patch)
    if branch is not None:
        _git(root, ["switch", "--create", branch], f"the branch '{branch}' cannot be made")
    index = ["--index"] if message is not None else []
    _git(root, ["apply", *index, "-"], "the patch does not fit", patch)
    if message is not None:
        _git(root, ["commit", "--file", "-"], "the change cannot be committed", message.encode())
    where = f" on branch '{branch}'" if branch else ""
    return f"applied to '{root}'{where}" + (", committed" if message is not None else "")


def _git(root: Path, arguments: list[str], failure: str, data: bytes = b"") -> None:
    argv = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            argv, input=data, capture_output=True, check=False, timeout=_GIT_SECONDS_MAX
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed; use `swarm patch` and apply it by hand") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"{failure} in '{root}': {said[0] if said else 'git said nothing'}")
