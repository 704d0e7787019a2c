"""One sandbox: a wall of namespaces around one warm interpreter, which runs one job at a time.

```
worker ──control──▶ bwrap( zygote: pytest imported, nothing else )
   one job: fork ▸ drop user ▸ limits ▸ Landlock ▸ seccomp ▸ unpack ▸ the job
   its end: kill all ▸ reply ▸ empty the box
```

Killing the zygote, or the worker, ends everything inside: it is process 1 of its namespace.
"""

import dataclasses
import itertools
import os
import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Self

from swarm_workers.protocols import Tree
from swarm_workers.sandbox import outcomes
from swarm_workers.sandbox.bundle import pack
from swarm_workers.sandbox.errors import (
    CommandNotFoundError,
    SandboxBrokenError,
    SandboxBusyError,
)
from swarm_workers.sandbox.inside import job
from swarm_workers.sandbox.inside.channel import Channel, ChannelError
from swarm_workers.sandbox.isolation import probe
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.mounts import BOOT, Mounts
from swarm_workers.sandbox.result import RunResult
from swarm_workers.sandbox.session import Session
from tasks_schema.messages.swarm import Interpreter

_BOOT_SECONDS_MAX = 30
_GRACE_SECONDS = 30
"""How long after its wall-clock limit a job's end may take to be told."""
_SLOT_UID_FIRST = 0x30000000
_SLOTS_PER_WORKER = 64
_numbers = itertools.count()


class Sandbox:
    """A place for code that nobody vouches for. Not for two threads at once.

    The thread that boots it must live as long as it does: the kernel ends it with that thread.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], control: Channel, log: int, limits: Limits
    ) -> None:
        """Take over what `boot` started."""
        self._process = process
        self._control = control
        self._log = log
        self._limits = limits
        self._session: Session | None = None
        self._early_reply: dict[str, Any] | None = None
        self._is_closed = False
        self.has_pytest = False
        """True when the interpreter has pytest, which jobs then need not import."""

    @classmethod
    def boot(cls, interpreter: Interpreter, *, repository: str, limits: Limits) -> Self:
        """Start a sandbox and wait until it can run jobs; takes 0.2 to 0.5 s.

        Args:
            interpreter: the Python that runs in it, with the folders that it needs.
            repository: absolute path of the code's folder; in the sandbox it leads to the copy.
            limits: what a job may use, unless its run says otherwise.

        Raises:
            NoIsolationError: this machine cannot isolate.
            SandboxBrokenError: it did not start.
        """
        mounts = Mounts(interpreter, repository, limits.disk_bytes)
        slot_uid = _slot_uid() if probe().is_root else None
        sandbox = cls._start(interpreter, mounts, slot_uid, limits)
        config = {
            "slot_uid": slot_uid,
            "venv": interpreter.venv_in_repo,
            "keep": mounts.keep,
            "link": mounts.link,
        }
        sandbox._send(config)
        sandbox.has_pytest = bool(sandbox._receive(_BOOT_SECONDS_MAX)["has_pytest"])
        return sandbox

    @classmethod
    def _start(
        cls, interpreter: Interpreter, mounts: Mounts, slot_uid: int | None, limits: Limits
    ) -> Self:
        ours, theirs = socket.socketpair()
        log = os.memfd_create("swarm-sandbox-log", os.MFD_CLOEXEC)
        with theirs, ExitStack() as files:
            etc = {name: _text_fd(files, text) for name, text in _etc(slot_uid).items()}
            argv = [probe().bwrap, *probe().flags, "--die-with-parent", "--new-session"]
            argv += ["--as-pid-1", "--hostname", "box", *mounts.arguments(etc), "--chdir", "/"]
            argv += [*_environment(interpreter, slot_uid), "--", interpreter.executable]
            process = subprocess.Popen(
                [*argv, "-c", BOOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={},
                cwd="/",
                pass_fds=(theirs.fileno(), *etc.values()),
            )
        return cls(process, Channel(ours), log, limits)

    def run(self, tree: Tree, argv: Sequence[str], *, limits: Limits | None = None) -> RunResult:
        """Run one command on a fresh copy of the code and wait for its end.

        `pytest …` and `python -m pytest …` run in a fork of the warm interpreter, all else is
        started as a program. Whatever it starts is gone when this returns.

        Args:
            tree: the code.
            argv: the command; no shell reads it.
            limits: what it may use; None for those of the sandbox.

        Raises:
            SandboxBusyError: a session is open.
            CommandNotFoundError: there is no such program in there.
            SandboxBrokenError: the sandbox is lost; boot another one.
        """
        assert argv, "a command has at least a program"
        chosen = limits or self._limits
        self._order({"op": "run", "argv": list(argv)}, tree, chosen)
        return self._read_result(self._receive(chosen.wall_seconds + _GRACE_SECONDS), argv[0])

    def open(
        self, tree: Tree, program: str, config: dict[str, Any], *, limits: Limits | None = None
    ) -> Session:
        """Start a program of `inside/` on a fresh copy of the code and return the talk with it.

        Args:
            tree: the code.
            program: the module's name; its `main(channel, config)` is the job.
            config: for the program.
            limits: what the whole session may use; None for those of the sandbox.

        Raises:
            SandboxBusyError: a session is open.
            SandboxBrokenError: the sandbox is lost, or the program is not there.
        """
        chosen = limits or self._limits
        ours, theirs = socket.socketpair()
        with theirs:
            order = {"op": "open", "program": program, "config": config}
            self._order(order, tree, chosen, theirs.fileno())
        patience = chosen.wall_seconds + _GRACE_SECONDS
        reply = self._receive(patience)
        if "started" not in reply:
            ours.close()
            self._read_result(reply, program)
            raise SandboxBrokenError(f"the program '{program}' did not start")
        self._session = Session(Channel(ours), self._control, self._ask_tail, self._end_session)
        return self._session

    def close(self) -> None:
        """End it and all that runs in it; waits until the kernel has done so. Safe to call twice."""
        if not self._is_closed:
            self._is_closed = True
            self._control.close()
            self._process.kill()
            self._process.wait()
            os.close(self._log)

    def __enter__(self) -> Self:
        """Return the sandbox."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close it."""
        self.close()

    def _order(
        self, order: dict[str, Any], tree: Tree, limits: Limits, session: int | None = None
    ) -> None:
        if self._session is not None and self._session.result is None:
            raise SandboxBusyError
        bundle = pack(tree)
        try:
            fds = (bundle,) if session is None else (bundle, session)
            self._send({**order, "limits": dataclasses.asdict(limits)}, fds)
        finally:
            os.close(bundle)

    def _ask_tail(self) -> str:
        self._send({"op": "tail"})
        reply = self._receive(_GRACE_SECONDS)
        if "tail" in reply:
            return str(reply["tail"])
        self._early_reply = reply  # it ended at that moment: `_end_session` will want this
        return str(reply["output"])

    def _end_session(self) -> RunResult:
        self._session = None
        reply, self._early_reply = self._early_reply, None
        if reply is None:
            self._send({"op": "kill"})
            reply = self._receive(_GRACE_SECONDS)
        if "tail" in reply:
            reply = self._receive(_GRACE_SECONDS)
        return self._read_result(reply, "session")

    def _send(self, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        if self._is_closed:
            raise SandboxBrokenError("it was closed")
        try:
            self._control.send(message, fds)
        except OSError as error:
            raise self._broken(str(error)) from error

    def _receive(self, timeout_seconds: float) -> dict[str, Any]:
        try:
            reply = self._control.receive(timeout_seconds)
        except (TimeoutError, ChannelError, OSError) as error:
            raise self._broken(str(error)) from error
        if reply is None:
            raise self._broken("its process has ended")
        return reply

    def _broken(self, reason: str) -> SandboxBrokenError:
        """Close, and return an error that says what the sandbox itself last said."""
        said = ""
        if not self._is_closed:
            self._process.kill()
            self._process.wait()
            said = os.pread(self._log, 1 << 16, 0).decode("utf-8", "replace").strip()
        self.close()
        return SandboxBrokenError(f"{reason}: {said.splitlines()[-1]}" if said else reason)

    def _read_result(self, reply: dict[str, Any], program: str) -> RunResult:
        refused = reply["refused"]
        stopped_by = reply["stopped_by"]
        if refused is not None and refused["kind"] == "not_found":
            raise CommandNotFoundError(program)
        if refused is not None and refused["kind"] != "disk":
            raise self._broken(f"a job could not be set up, {refused['reason']}")
        if refused is not None:
            stopped_by = "disk"
        status = reply["wait_status"]
        signal = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
        if signal == _SIGXCPU:
            stopped_by = "cpu"
        reported = outcomes.read_lines(reply["report"])
        if not reported.has_runner:
            reported = outcomes.read_xml(reply["xml_reports"])
        exited = status is not None and signal is None and stopped_by is None
        return RunResult(
            exit_status=os.WEXITSTATUS(status) if exited else None,
            stopped_by=stopped_by,
            signal=signal,
            output=reply["output"],
            seconds=reply["seconds"],
            cpu_seconds=reply["cpu_seconds"],
            rss_bytes_max=reply["memory_bytes_max"],
            tests=reported.results(),
            collect_errors=tuple(reported.collect_errors),
        )


_SIGXCPU = 24


def _slot_uid() -> int:
    """Return a user that no other sandbox of this machine has at this time."""
    number = next(_numbers) % _SLOTS_PER_WORKER
    return _SLOT_UID_FIRST + os.getpid() * _SLOTS_PER_WORKER + number


def _etc(slot_uid: int | None) -> dict[str, str]:
    """Return the files of `/etc` that name users and hosts: of this sandbox, not of the machine."""
    uid = 65534 if slot_uid is None else slot_uid
    users = f"root:x:0:0:root:/:/bin/sh\nbox:x:{uid}:{uid}:box:{job.HOME}:/bin/sh\n"
    return {
        "passwd": users,
        "group": f"root:x:0:\nbox:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost box\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def _text_fd(files: ExitStack, text: str) -> int:
    fd = os.memfd_create("swarm-etc", os.MFD_CLOEXEC)
    files.callback(os.close, fd)
    os.write(fd, text.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _environment(interpreter: Interpreter, slot_uid: int | None) -> list[str]:
    """Return bwrap's arguments for all the variables that jobs see."""
    bin_folder = os.path.dirname(interpreter.executable)
    path = f"{bin_folder}:/.swarm/bin:/usr/local/bin:/usr/bin:/bin"
    variables = {
        "PATH": path,
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
