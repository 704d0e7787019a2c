"""What a sandbox sees of the machine: bwrap's arguments for its files. All else does not exist."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from swarm_workers.sandbox.inside import job, report_plugin
from swarm_workers.sandbox.isolation import links_of_usr
from tasks_schema.messages.task import Interpreter

_ETC = (
    *("ld.so.cache", "localtime", "timezone", "mime.types", "alternatives"),
    *("ssl/certs", "ssl/openssl.cnf"),
)
_INSIDE = Path(report_plugin.__file__).parent
_OWN = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/dev", "/etc")
_OWN_ROOTS = ("/", job.BOX, job.TEMPORARY, "/.swarm")


class Mounts:
    """The files of one sandbox."""

    def __init__(self, interpreter: Interpreter, repository: str, disk_bytes: int) -> None:
        """Take the interpreter, the repository's path on this machine, and the disk's size."""
        self._interpreter = interpreter
        self._disk_bytes = disk_bytes
        self._folders = [f for f in interpreter.folders if not _is_below(f, _OWN)]
        self._made: set[str] = set()
        self.link = self._link_path(repository)
        self.venv = self._venv_source(repository)

    @property
    def keep(self) -> list[str]:
        """Return the paths in writable folders that stay from job to job."""
        inside = [f for f in self._folders if _is_below(f, (job.TEMPORARY,))]
        if self.venv is not None:
            inside.append(f"{job.BOX}/{self._interpreter.venv_in_repo}")
        if self.link is not None and _is_below(self.link, (job.TEMPORARY,)):
            inside.append(self.link)
        return inside

    @property
    def executable(self) -> str:
        """Return the interpreter's path inside, also where the repository's path leads nowhere."""
        path = self._interpreter.executable
        if self.venv is None or self.link is not None:
            return path
        return f"{job.BOX}/{self._interpreter.venv_in_repo}{path.removeprefix(self.venv)}"

    def arguments(self, files: dict[str, int]) -> list[str]:
        """Return bwrap's arguments, in the order that it needs.

        Args:
            files: descriptors of files of our own, by their path inside.
        """
        size = str(self._disk_bytes)
        arguments = ["--ro-bind", "/usr", "/usr", *links_of_usr(), "--proc", "/proc"]
        arguments += ["--dev", "/dev"]
        for root in ("/dev/shm", job.TEMPORARY, job.BOX):  # noqa: S108 - in the sandbox
            arguments += ["--perms", "1777", "--size", size, "--tmpfs", root]
        for name in _ETC:
            target = f"/etc/{name}"
            arguments += [*self._ancestors(target), "--ro-bind-try", target, target]
        for path, fd in files.items():
            mode, kind = _mode_and_kind(path)
            arguments += [*self._ancestors(path), "--perms", mode, kind, str(fd), path]
        arguments += self._own_folder()
        for folder in self._folders:
            arguments += [*self._ancestors(folder), "--ro-bind", folder, folder]
        if self.venv is not None:
            target = f"{job.BOX}/{self._interpreter.venv_in_repo}"
            arguments += [*self._ancestors(target, "0777"), "--ro-bind", self.venv, target]
        if self.link is not None:
            arguments += [*self._ancestors(self.link), "--symlink", job.BOX, self.link]
        return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]

    def _own_folder(self) -> list[str]:
        plugin = f"{job.PLUGIN_FOLDER}/swarm_report_plugin.py"
        arguments = self._ancestors("/.swarm/x")
        arguments += ["--ro-bind", str(_INSIDE), "/.swarm/swarm_inside"]
        arguments += self._ancestors(plugin)
        arguments += ["--ro-bind", str(_INSIDE / "report_plugin.py"), plugin]
        return arguments

    def _ancestors(self, path: str, mode: str = "0755") -> list[str]:
        """Return arguments that make a path's parents passable: bwrap's own choice is 0700."""
        arguments = []
        for parent in reversed(PurePosixPath(path).parents):
            folder = str(parent)
            if folder not in self._made and folder not in _OWN_ROOTS[:3]:
                self._made.add(folder)
                arguments += ["--perms", mode, "--dir", folder]
        return arguments

    def _link_path(self, repository: str) -> str | None:
        """Return where the box must also be found; None if something of the machine is there.

        Editable installs and absolute paths in the code lead there.
        """
        path = os.path.normpath(repository)
        is_taken = path in _OWN_ROOTS or _is_below(path, (*_OWN, job.BOX, *self._folders))
        holds_one = any(_is_below(folder, (path,)) for folder in self._folders)
        return None if is_taken or holds_one else path

    def _venv_source(self, repository: str) -> str | None:
        venv = self._interpreter.venv_in_repo
        return None if venv is None else str(Path(repository) / venv)


def _mode_and_kind(path: str) -> tuple[str, str]:
    """Return the permissions of a file of our own, and bwrap's word for how it is bound."""
    if path == job.REPORT:
        return "0666", "--bind-data"  # the one file outside the box that a job may write
    return ("0755" if path.startswith(job.PROGRAMS) else "0644"), "--ro-bind-data"


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)
