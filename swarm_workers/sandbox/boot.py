"""Starts the process behind a sandbox: bubblewrap, and in it the zygote."""

import itertools
import os
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from swarm_workers.sandbox.inside import job, report_plugin
from swarm_workers.sandbox.inside.channel import Channel
from swarm_workers.sandbox.isolation import Isolation
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.mounts import Mounts
from swarm_workers.sandbox.wire import Wire
from tasks_schema.messages.task import Interpreter

_BOOT_SECONDS_MAX = 30
_SLOT_UID_FIRST = 0x30000000
_SLOTS_PER_WORKER = 64
_NOBODY = 65534
_PROGRAM = (
    "import sys; sys.path[0] = '/.swarm'; from swarm_inside import zygote; "
    "del sys.path[0]; zygote.main()"
)
"""The zygote's program. It leaves no folder of ours on the import path of jobs."""

_WRAPPER = """#!/bin/sh
if [ -n "${variable}" ]; then
    case ":$PYTHONPATH:" in
        *:{folder}:*) ;;
        *) export PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}{folder}" ;;
    esac
fi
exec '{target}' "$@"
"""

_numbers = itertools.count()


def boot(
    isolation: Isolation, interpreter: Interpreter, repository: str, limits: Limits
) -> tuple[Wire, bool]:
    """Start a zygote and wait until it is ready; return the wire to it, and if it has pytest.

    Raises:
        SandboxBrokenError: it did not start.
    """
    mounts = Mounts(interpreter, repository, limits.disk_bytes)
    slot_uid = _slot_uid() if isolation.is_root else None
    wire = _start(isolation, interpreter, mounts, slot_uid)
    config = {
        "slot_uid": slot_uid,
        "venv": interpreter.venv_in_repo,
        "keep": mounts.keep,
        "link": mounts.link,
    }
    wire.send(config)
    return wire, bool(wire.receive(_BOOT_SECONDS_MAX)["has_pytest"])


def _start(
    isolation: Isolation, interpreter: Interpreter, mounts: Mounts, slot_uid: int | None
) -> Wire:
    ours, theirs = socket.socketpair()
    log = os.memfd_create("swarm-sandbox-log", os.MFD_CLOEXEC)
    with theirs, ExitStack() as files:
        texts = {**_etc(slot_uid), **_programs(mounts.executable, interpreter.executable)}
        texts[job.REPORT] = ""
        own = {path: _text_fd(files, text) for path, text in texts.items()}
        argv = [isolation.bwrap, *isolation.flags, "--die-with-parent", "--new-session"]
        argv += ["--as-pid-1", "--hostname", "box", *mounts.arguments(own), "--chdir", "/"]
        argv += [*_environment(mounts.executable), "--", mounts.executable]
        argv += ["-c", _PROGRAM, str(theirs.fileno())]
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={},
            cwd="/",
            pass_fds=(theirs.fileno(), *own.values()),
        )
    return Wire(process, Channel(ours), log)


def _slot_uid() -> int:
    """Return a user that no other sandbox of this machine has at this time."""
    number = next(_numbers) % _SLOTS_PER_WORKER
    return _SLOT_UID_FIRST + os.getpid() * _SLOTS_PER_WORKER + number


def _etc(slot_uid: int | None) -> dict[str, str]:
    """Return the files of `/etc` that name users and hosts: of this sandbox, not of the machine."""
    uid = _NOBODY if slot_uid is None else slot_uid
    return {
        "/etc/passwd": f"root:x:0:0:root:/:/bin/sh\nbox:x:{uid}:{uid}:box:{job.HOME}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nbox:x:{uid}:\n",
        "/etc/hosts": "127.0.0.1 localhost box\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def _programs(executable: str, on_host: str) -> dict[str, str]:
    """Return what stands first on the path: the interpreter, so that it always finds our plug-in.

    A command may set `PYTHONPATH` anew, and pytest would then fail to load what it was told to.
    """
    python, pytest = PurePosixPath(executable), PurePosixPath(executable).with_name("pytest")
    programs = {"python": python, "python3": python}
    if Path(on_host).with_name("pytest").exists():
        programs |= {"pytest": pytest, "py.test": pytest}
    return {
        f"{job.PROGRAMS}/{name}": _WRAPPER.format(
            variable=report_plugin.VARIABLE, folder=job.PLUGIN_FOLDER, target=target
        )
        for name, target in programs.items()
    }


def _text_fd(files: ExitStack, text: str) -> int:
    fd = os.memfd_create("swarm-etc", os.MFD_CLOEXEC)
    files.callback(os.close, fd)
    os.write(fd, text.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _environment(executable: str) -> list[str]:
    """Return bwrap's arguments for all the variables that jobs see."""
    bin_folder = PurePosixPath(executable).parent
    variables = {
        "PATH": f"{job.PROGRAMS}:{bin_folder}:/usr/local/bin:/usr/bin:/bin",
        "HOME": job.HOME,
        "TMPDIR": job.TEMPORARY,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "USER": "box",
        "LOGNAME": "box",
        "PWD": job.BOX,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    arguments = ["--clearenv"]
    for name, value in variables.items():
        arguments += ["--setenv", name, value]
    return arguments
