"""Which Python runs the success command, and what of the disk it needs to start.

It asks nothing of the repository's own files but `pyvenv.cfg`: the only program started is the base
interpreter that a virtual environment was made from, without its site packages.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from swarm_workers.errors import WorkerError
from tasks_schema.messages.task import Interpreter

VERSION_MIN = (3, 8)
_VENV = ".venv"
_ASK_SECONDS_MAX = 20
_LINKS_MAX = 40
_QUESTION = (
    "import json, sys; print(json.dumps({'version': list(sys.version_info[:2]), "
    "'folders': [sys.base_prefix, sys.base_exec_prefix]}))"
)


class InterpreterError(WorkerError):
    """What was named as the repository's Python cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        """Take the path as it was named, and why it cannot be used."""
        super().__init__(
            f"'{path}' cannot be used as the repository's Python: {reason}; "
            f"name the folder of a virtual environment or a Python of {VERSION_MIN[0]}."
            f"{VERSION_MIN[1]} or newer"
        )
        self.path = path
        self.reason = reason


def find_interpreter(repository: Path, named: Path | None) -> Interpreter:
    """Return the named Python, else the one in the repository's `.venv`, else the fleet's own.

    Blocks for some 20 ms: it starts the base interpreter.

    Args:
        repository: the folder of the code.
        named: an executable or the folder of a virtual environment; None to look for one.

    Raises:
        InterpreterError: what was named, or found, is no Python that can be used.
    """
    repository = _absolute(repository)
    if named is not None:
        return _describe(_executable(_absolute(named)), repository)
    if (repository / _VENV / "pyvenv.cfg").is_file():
        return _describe(_executable(repository / _VENV), repository)
    own = _describe(Path(sys.executable), repository)
    return own.model_copy(update={"is_fleet": True})


def _absolute(path: Path) -> Path:
    """Return the path without dots; links stay, for a link is what makes an environment."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow the links


def _executable(named: Path) -> Path:
    path = named / "bin" / "python" if named.is_dir() else named
    if not path.is_file():
        raise InterpreterError(named, f"there is no file '{path}'")
    if not os.access(path, os.X_OK):
        raise InterpreterError(named, f"'{path}' is not executable")
    return path


def _describe(executable: Path, repository: Path) -> Interpreter:
    venv = _venv_of(executable)
    base = executable if venv is None else _base_of(venv, executable)
    answer = _ask(base, executable)
    version = (int(answer["version"][0]), int(answer["version"][1]))
    if version < VERSION_MIN:
        raise InterpreterError(executable, f"it is Python {version[0]}.{version[1]}")
    folders = [*([] if venv is None else [str(venv)]), *answer["folders"]]
    folders += _folders_of_links(executable, folders)
    inside = [f for f in folders if Path(f).is_relative_to(repository)]
    outside = [f for f in folders if f not in inside]
    return Interpreter(
        executable=str(executable),
        version=version,
        folders=tuple(_outermost(outside)),
        venv_in_repo=str(Path(inside[0]).relative_to(repository)) if inside else None,
    )


def _venv_of(executable: Path) -> Path | None:
    for folder in (executable.parent.parent, executable.parent):
        if (folder / "pyvenv.cfg").is_file():
            return folder
    return None


def _base_of(venv: Path, executable: Path) -> Path:
    """Return the interpreter that a virtual environment was made from."""
    lines = (venv / "pyvenv.cfg").read_text(errors="replace").splitlines()
    pairs = (line.partition("=") for line in lines)
    settings = {key.strip().lower(): value.strip() for key, _, value in pairs}
    home = Path(settings.get("home", ""))
    version = settings.get("version", settings.get("version_info", ""))
    exact = "python" + ".".join(version.split(".")[:2])
    for name in (exact, "python3", "python"):
        if home.is_absolute() and os.access(home / name, os.X_OK):
            return home / name
    raise InterpreterError(
        executable, f"the Python that its environment was made from is gone from '{home}'"
    )


def _ask(base: Path, executable: Path) -> dict[str, Any]:
    try:
        asked = subprocess.run(
            [base, "-I", "-S", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_SECONDS_MAX,
            env={},
            cwd="/",
            check=True,
        )
        answer: dict[str, Any] = json.loads(asked.stdout)
        assert answer.keys() == {"version", "folders"}
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError, AssertionError):
        raise InterpreterError(executable, f"'{base}' did not answer as a Python does") from None
    return answer


def _folders_of_links(executable: Path, known: list[str]) -> list[str]:
    """Return folders beyond the known that the links from the executable lead through."""
    found: list[str] = []
    path = executable
    for _ in range(_LINKS_MAX):
        if not path.is_symlink():
            break
        path = Path(os.path.normpath(path.parent / path.readlink()))
        folder = path.parent.parent if path.parent.name == "bin" else path.parent
        if not any(path.is_relative_to(parent) for parent in (*known, *found, "/usr")):
            found.append(str(folder))
    return found


def _outermost(folders: list[str]) -> list[str]:
    """Return the folders once each, without those that lie in another one."""
    unique = list(dict.fromkeys(folders))
    return [
        folder
        for folder in unique
        if not any(folder != other and Path(folder).is_relative_to(other) for other in unique)
    ]
