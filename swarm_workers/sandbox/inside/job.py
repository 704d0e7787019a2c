"""The life of a job, in the process that the zygote forked for it.

Until `_start` says so over the set-up pipe, all that runs is ours; then the pipe is closed and what
follows is the job. Nothing here returns to the zygote's loop.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib
import json
import os
import signal
import socket
import sys
import threading
import types
from typing import Any, Callable, NamedTuple, NoReturn

from . import confine, late_paths, report_plugin, unpack
from .channel import Channel

BOX = "/box"
TEMPORARY = "/tmp"  # noqa: S108 - a file system of its own, empty when a job starts
HOME = TEMPORARY + "/home"
REPORT = "/.swarm/report"
PROGRAMS = "/.swarm/bin"
PLUGIN_FOLDER = "/.swarm/plugin"
_SETUP_FAILED = 120


class NotFoundError(Exception):
    """There is no such program on the job's path."""


class NotRunnableError(Exception):
    """The kernel does not run the program; the text says why."""


class Wall(NamedTuple):
    """What the zygote prepared once, for every job to stand behind."""

    slot_uid: int | None
    ruleset: int | None
    program: bytes
    venv: str | None
    """The folder of the repository that is bound from outside, relative; None for none."""
    has_pytest: bool
    late_paths: list[str]
    """Folders for the import path that may come with the code."""


class Pipes(NamedTuple):
    """The descriptors that a job gets; all others are closed."""

    output: int
    setup: int
    bundle: int
    session: int | None


def live(order: dict[str, Any], wall: Wall, pipes: Pipes) -> NoReturn:
    """Become the job. Never returns: the process ends with the job's exit status."""
    try:
        run = _prepare(order, wall, pipes)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the job must not run
        _refuse(pipes.setup, error)
    os.close(pipes.setup)
    _finish(run)


def _prepare(order: dict[str, Any], wall: Wall, pipes: Pipes) -> Callable[[], object]:
    _close_all_but(pipes, wall.ruleset)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    confine.confine(wall.slot_uid, order["limits"], wall.ruleset, wall.program)
    os.umask(0o022)
    unpack.unpack(pipes.bundle, BOX, wall.venv)
    os.close(pipes.bundle)
    os.mkdir(HOME, 0o700)
    os.chdir(BOX)
    late_paths.add(wall.late_paths)
    if pipes.session is not None:
        return _session(order, pipes.session)
    return _command(list(order["argv"]), wall, wants_report=order["wants_report"])


def _command(argv: list[str], wall: Wall, *, wants_report: bool) -> Callable[[], object]:
    pytest_arguments = pytest_arguments_of(argv) if wall.has_pytest else None
    if pytest_arguments is not None:
        return lambda: _run_pytest(pytest_arguments, is_module=argv[0].startswith("python"))
    if wants_report:
        os.environ[report_plugin.VARIABLE] = REPORT
        os.environ["PYTEST_ADDOPTS"] = "-p " + report_plugin.NAME
        os.environ["PYTHONPATH"] = PLUGIN_FOLDER
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # ignored by every Python, and by no other program
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - this is the job; only a failure comes back
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(argv[0]) from error
    except OSError as error:
        raise NotRunnableError(error.strerror) from error


def pytest_arguments_of(argv: list[str]) -> list[str] | None:
    """Return what a command gives pytest; None if it is not plainly a run of pytest."""
    if argv[0] in ("pytest", "py.test"):
        return argv[1:]
    names = ("python", "python3", "python%d.%d" % sys.version_info[:2])
    if argv[0] in names and argv[1:3] == ["-m", "pytest"]:
        return argv[3:]
    return None


def _run_pytest(arguments: list[str], *, is_module: bool) -> object:
    """Run pytest as its console script or as `python -m pytest` would."""
    import pytest  # noqa: PLC0415 - the repository's interpreter may have none

    if is_module:
        sys.path.insert(0, os.getcwd())
        program = os.path.join(os.path.dirname(pytest.__file__), "__main__.py")
    else:
        sys.path.insert(0, os.path.dirname(sys.executable))
        program = os.path.join(os.path.dirname(sys.executable), "pytest")
    sys.argv = [program, *arguments]
    main_module = types.ModuleType("__main__")
    main_module.__file__ = program
    sys.modules["__main__"] = main_module
    return pytest.main(arguments, plugins=[report_plugin.ReportPlugin(REPORT)])


def _session(order: dict[str, Any], fd: int) -> Callable[[], object]:
    package = __package__ or ""
    program = importlib.import_module("%s.%s" % (package, order["program"]))
    channel = Channel(socket.socket(fileno=fd))
    return lambda: program.main(channel, order["config"])


def _close_all_but(pipes: Pipes, ruleset: int | None) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(pipes.output, 1)
    os.dup2(pipes.output, 2)
    wanted = {0, 1, 2, pipes.setup, pipes.bundle, pipes.session, ruleset}
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in wanted:
            with contextlib.suppress(OSError):  # the descriptor that listed the folder
                os.close(int(name))


def _refuse(setup: int, error: BaseException) -> NoReturn:
    """Tell the zygote why the job does not run, and end."""
    kind = "failed"
    if isinstance(error, NotFoundError):
        kind = "not_found"
    if isinstance(error, NotRunnableError):
        kind = "not_runnable"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG):
        kind = "disk"
    said = str(error) if kind == "not_runnable" else "%s: %s" % (type(error).__name__, error)
    reason = {"kind": kind, "reason": said}
    os.write(setup, json.dumps(reason).encode()[:4000])
    os._exit(_SETUP_FAILED)


def _finish(run: Callable[[], object]) -> NoReturn:
    """Run the job and end as the interpreter would, but for the destructors of what is left."""
    try:
        status = _exit_status(run)
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as any end is
        atexit._run_exitfuncs()  # noqa: SLF001
    except BaseException:  # noqa: BLE001 - as at the end of any interpreter
        sys.excepthook(*sys.exc_info())
        status = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            status = status or 120
    os._exit(status)


def _exit_status(run: Callable[[], object]) -> int:
    try:
        code = run()
    except SystemExit as ending:
        code = ending.code
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code) & 0xFF
    print(code, file=sys.stderr)
    return 1
