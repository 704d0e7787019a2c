"""A folder on disk, read as a tree: what belongs to the source and nothing else; or written.

In a git work tree these are the files that git tracks, as they are on disk, and untracked ones that
it does not ignore. In any other folder, and among untracked files, what tools leave behind is left
out: caches, virtual environments, installed packages.
"""

import os
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.errors import SourceTooLargeError, UnreadableSourceError
from swarm_workers.source.tree_files import is_storable

TREE_BYTES_MAX = 2**30
_GIT_SECONDS_MAX = 120
_VERSION_CONTROL = frozenset([".git", ".hg", ".svn"])
_INSTALLED = frozenset(["node_modules", ".venv", "venv", ".tox", ".nox"])
_CACHES = frozenset(
    ["__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"],
)
_LEFT_BEHIND = _VERSION_CONTROL | _INSTALLED | _CACHES
_LEFT_BEHIND_SUFFIXES = (".pyc", ".pyo")
_VENV_MARK = "pyvenv.cfg"


def read_folder(root: Path, *, bytes_max: int = TREE_BYTES_MAX) -> Tree:
    """Return the files under a folder. Symbolic links stay links, sockets and pipes are left out.

    Args:
        root: a folder.
        bytes_max: of all files together.

    Raises:
        UnreadableSourceError: the folder or a file of it cannot be read, or has a name that is not
            UTF-8.
        SourceTooLargeError: there is more than `bytes_max`.
    """
    if not root.is_dir():
        raise UnreadableSourceError(str(root), "it is no folder")
    reader = _Reader(root, bytes_max)
    for path in sorted(set(_source_paths(root))):
        reader.take(path)
    return reader.tree


def write_folder(root: Path, tree: Tree) -> None:
    """Write the files of a tree into a folder, which is made if there is none.

    Raises:
        FileExistsError: the folder holds one of them already.
    """
    root.mkdir(parents=True, exist_ok=True)
    # Links come last: nothing is written through one, wherever it leads.
    for path, file in sorted(tree.items(), key=lambda item: item[1].link_target is not None):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link_target is not None:
            target.symlink_to(file.link_target)
            continue
        with target.open("xb") as written:
            written.write(file.data)
        if file.is_executable:
            target.chmod(target.stat().st_mode | 0o111)


class _Reader:
    """Files read so far, and the bytes that are left to the limit."""

    def __init__(self, root: Path, bytes_max: int) -> None:
        self._root = root
        self._bytes_max = bytes_max
        self._bytes = 0
        self._folders: dict[str, bool] = {"": True}
        self.tree: dict[str, TreeFile] = {}

    def take(self, path: str) -> None:
        """Read one file or link; what is gone, or no file, is left out."""
        if not is_storable(path):
            shown = path.encode(errors="backslashreplace").decode()
            raise UnreadableSourceError(shown, "its name is not UTF-8")
        if not self._is_inside(os.path.dirname(path)):  # noqa: PTH120 - no file system here
            return
        try:
            file = self._read(self._root / path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UnreadableSourceError(path, error.strerror or str(error)) from error
        if file is not None:
            self.tree[path] = file

    def _is_inside(self, folder: str) -> bool:
        """Say whether a folder is reached without a link, which might lead out of the root."""
        if folder not in self._folders:
            above = self._is_inside(os.path.dirname(folder))  # noqa: PTH120
            self._folders[folder] = above and not (self._root / folder).is_symlink()
        return self._folders[folder]

    def _read(self, path: Path) -> TreeFile | None:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            target = str(path.readlink())
            if not is_storable(target):
                raise OSError(0, "it links to a name that is not UTF-8")
            return TreeFile(b"", link_target=target)
        if not stat.S_ISREG(status.st_mode):
            return None
        self._count(status.st_size)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:  # noqa: PTH123 - from a handle that follows no link
            data = file.read(self._bytes_max + 1)
        self._count(len(data) - status.st_size)
        return TreeFile(data, is_executable=bool(status.st_mode & stat.S_IXUSR))

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._bytes_max:
            raise SourceTooLargeError(str(self._root), self._bytes_max)


def _source_paths(root: Path) -> Iterator[str]:
    """Yield the paths of a folder's files, relative to it; nested repositories speak for theirs."""
    tracked = _git(root, "--cached")
    if tracked is None:
        yield from _walk(root)
        return
    untracked = _git(root, "--others", "--exclude-standard") or []
    listed = [*tracked, *_not_left_behind(root, untracked)]
    if not listed:  # a folder that an outer repository ignores is nobody's work tree
        yield from _walk(root)
    for path in listed:
        inner = root / path
        if inner.is_dir() and not inner.is_symlink():
            yield from (f"{path.rstrip('/')}/{each}" for each in _source_paths(inner))
        else:
            yield path


def _git(root: Path, *options: str) -> list[str] | None:
    """Return what git lists in a folder; None if it is no work tree, or there is no git.

    Whoever owns the folder may be read: that is a person's decision, made by naming it. But
    nothing that its configuration names is run.
    """
    settings = ["safe.directory=*", "core.fsmonitor=false", "core.quotePath=false"]
    argv = ["git", *(part for each in settings for part in ("-c", each))]
    argv += ["ls-files", "-z", *options]
    keep = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            argv,
            cwd=root,
            env={**keep, "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_GIT_SECONDS_MAX,
        )
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired as error:
        reason = f"git did not list it within {_GIT_SECONDS_MAX} s"
        raise UnreadableSourceError(str(root), reason) from error
    if done.returncode:
        return None
    return [os.fsdecode(path) for path in done.stdout.split(b"\0") if path]


def _not_left_behind(root: Path, paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths that no tool left behind."""
    venvs: dict[str, bool] = {}
    for path in paths:
        folders = path.rstrip("/").split("/")[:-1]
        above = ["/".join(folders[: count + 1]) for count in range(len(folders))]
        for folder in above:
            if folder not in venvs:
                venvs[folder] = _is_venv(root / folder)
        if not any(venvs[folder] for folder in above) and not _is_left_behind(path):
            yield path


def _is_left_behind(path: str) -> bool:
    parts = path.rstrip("/").split("/")
    return path.endswith(_LEFT_BEHIND_SUFFIXES) or not _LEFT_BEHIND.isdisjoint(parts)


def _walk(root: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise UnreadableSourceError(str(error.filename), error.strerror or str(error)) from error

    for folder, folders, files in os.walk(root, onerror=refuse):
        at = Path(folder)
        prefix = "" if at == root else f"{at.relative_to(root).as_posix()}/"
        links = [name for name in folders if (at / name).is_symlink()]
        folders[:] = [name for name in folders if _is_entered(at / name)]
        yield from (f"{prefix}{name}" for name in [*files, *links] if not _is_left_behind(name))


def _is_entered(folder: Path) -> bool:
    return folder.name not in _LEFT_BEHIND and not _is_venv(folder)


def _is_venv(folder: Path) -> bool:
    return os.path.isfile(folder / _VENV_MARK)  # noqa: PTH113 - False too where it may not look
