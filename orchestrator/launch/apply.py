"""A patch put into a folder by git itself: all of it, or nothing."""

import subprocess
from pathlib import Path

from orchestrator.errors import UsageError

_GIT_SECONDS_MAX = 60


def apply_patch(patch: bytes, folder: Path, *, branch: str | None, message: str | None) -> str:
    """Apply a patch to a folder, and say what was done. What fails leaves the folder as it was.

    Args:
        patch: a unified diff; an empty one changes nothing.
        folder: the root of the code; a git repository only if a branch or a commit is asked for.
        branch: a git branch to make and switch to first; None stays where it is.
        message: commit what was changed, and nothing else, with this message; None commits nothing.

    Raises:
        UsageError: git is not there, the patch does not fit, or the branch or the commit cannot be
            made.
    """
    root = folder.expanduser().resolve()
    if not root.is_dir():
        raise UsageError(f"there is no folder '{root}'")
    if not patch:
        return "the swarm changed nothing: there is nothing to apply"
    inside = _place_in_repository(root)
    if inside is None and (branch is not None or message is not None):
        raise UsageError(f"'{root}' is no git repository; leave out --branch and --commit")
    apply = ["apply", f"--directory={inside}"] if inside else ["apply"]
    if message is not None:
        _git(root, ["var", "GIT_COMMITTER_IDENT"], "nothing can be committed")
        apply.append("--index")
    _git(root, [*apply, "--check", "-"], "the patch does not fit", patch)
    former = None if branch is None else _switch(root, branch)
    try:
        _git(root, [*apply, "-"], "the patch does not fit", patch)
        if message is not None:
            _commit(root, apply, patch, message)
    except UsageError:
        if branch is not None and former is not None:
            _git(root, ["switch", *former], "the branch cannot be left")
            _git(root, ["branch", "-D", branch], "the branch cannot be removed")
        raise
    where = f" on branch '{branch}'" if branch else ""
    return f"applied to '{root}'{where}" + (", committed" if message is not None else "")


def _place_in_repository(root: Path) -> str | None:
    """Return where the folder lies in its git work tree, empty at the top; None if in none.

    Git takes the paths of a patch from the top, and passes over in silence what is not there.
    """
    try:
        return _git(root, ["rev-parse", "--show-prefix"], "it is no work tree").rstrip("\n")
    except UsageError:
        return None


def _switch(root: Path, branch: str) -> list[str]:
    """Make a branch, switch to it, and return what `git switch` takes to go back."""
    try:
        former = [_git(root, ["symbolic-ref", "--short", "HEAD"], "no branch").strip()]
    except UsageError:
        head = _git(root, ["rev-parse", "HEAD"], "there is no commit to start from").strip()
        former = ["--detach", head]
    _git(root, ["switch", "--create", branch], f"the branch '{branch}' cannot be made")
    return former


def _commit(root: Path, apply: list[str], patch: bytes, message: str) -> None:
    """Commit the files of the patch alone; take it out again if that fails."""
    listed = _git(root, [*apply, "--numstat", "-z", "-"], "the patch cannot be read", patch)
    names = [line.split("\t", 2)[2] for line in listed.split("\0") if line]
    paths = [f":(top,literal){name}" for name in names]
    try:
        _git(
            root,
            ["commit", "--file", "-", "--only", "--", *paths],
            "the change cannot be committed",
            message.encode(),
        )
    except UsageError:
        _git(root, [*apply, "--reverse", "-"], "the patch cannot be taken out", patch)
        raise


def _git(root: Path, arguments: list[str], failure: str, data: bytes = b"") -> str:
    """Return what git printed."""
    argv = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            argv, input=data, capture_output=True, check=False, timeout=_GIT_SECONDS_MAX
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed; use `swarm patch` and apply it by hand") from error
    except subprocess.TimeoutExpired as error:
        reason = f"git did not end within {_GIT_SECONDS_MAX} s"
        raise UsageError(f"{failure} in '{root}': {reason}") from error
    if done.returncode:
        raise UsageError(f"{failure} in '{root}': {_telling_line(done)}")
    return done.stdout.decode(errors="surrogateescape")


def _telling_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the line of a failed git that says why: it begins with hints as often as not."""
    said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    causes = [line for line in said if line.startswith(("error: ", "fatal: "))]
    line = (causes or said or ["git said nothing"])[0]
    return line.removeprefix("error: ").removeprefix("fatal: ")
