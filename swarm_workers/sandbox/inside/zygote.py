"""Process 1 of the sandbox: holds the warm interpreter and forks one job at a time.

It must stay single-threaded (it forks), hold no secret (its memory is copied into every job) and
run nothing of a job's. When the worker hangs up it ends, and the kernel ends all else with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import platform
import select
import signal
import socket
import sys
import time
import traceback
from typing import Any, Callable

from . import job, kernel, landlock, late_paths, processes, seccomp, wipe
from .channel import Channel
from .confine import become_slot
from .watch import End, Output, Watch, WorkerGoneError

WRITABLE = [job.BOX, job.TEMPORARY, "/dev/shm"]  # noqa: S108 - each a file system of its own
_WITHOUT_PLUGINS = "without-plugins"
_REPORT_BYTES_MAX = 64 << 20
_AFTERMATH_SECONDS_MAX = 20.0


def main() -> None:
    """Serve one worker until it hangs up: `sys.argv[1]` is the descriptor that leads to it."""
    _close_inherited_but(int(sys.argv[1]))
    _heed_signals()
    with_plugins = _WITHOUT_PLUGINS not in sys.argv
    has_pytest = preload_pytest(with_plugins=with_plugins)
    if with_plugins:
        _start_again_if_threaded()
    control = Channel(socket.socket(fileno=int(sys.argv[1])))
    config = control.receive()
    if config is None:
        return
    zygote = Zygote(control, config, has_pytest=has_pytest)
    gc.collect()
    gc.freeze()
    control.send({"ready": True, "has_pytest": has_pytest})
    with contextlib.suppress(WorkerGoneError, OSError):
        zygote.serve()


class Zygote:
    """The state of the sandbox between jobs: none that a job could change."""

    def __init__(self, control: Channel, config: dict[str, Any], *, has_pytest: bool) -> None:
        """Prepare all that jobs have in common, so that each costs a fork.

        Args:
            control: to the worker.
            config: `slot_uid`, `venv`, `keep` and `link`, as `Sandbox.boot` sends them.
            has_pytest: whether pytest is loaded.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all that process 1 would listen to
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # hides this process from jobs of the same user
        self._control = control
        self._config = config
        self._report = os.open(job.REPORT, os.O_RDWR | os.O_CLOEXEC)
        self._wakeup = _wake_on_child()
        ruleset = landlock.make_ruleset(WRITABLE, [job.REPORT])
        program = seccomp.make_program(platform.machine())
        slot_uid, venv = config["slot_uid"], config["venv"]
        self._wall = job.Wall(slot_uid, ruleset, program, venv, has_pytest, late_paths.find())

    def serve(self) -> None:
        """Run one job after another.

        Raises:
            WorkerGoneError: the worker hung up while a job ran.
        """
        while True:
            order = self._control.receive()
            if order is None:
                return
            if order["op"] in ("run", "open"):
                self._serve(order)
            # `tail` and `kill` may come for a job that has just ended: they have no meaning now

    def _serve(self, order: dict[str, Any]) -> None:
        self._restore()
        since, started = time.time(), time.monotonic()
        cpu_before = processes.cpu_seconds_of_the_dead()
        output, watch, setup = self._fork(order)
        said = watch.wait_setup(setup)
        os.close(setup)
        if said == b"" and order["op"] == "open":
            self._control.send({"started": True})
        end = watch.wait(self._control) if said == b"" else _not_begun(said)
        processes.kill_all()
        output.drain()
        reply = _reply(end, said)
        reply["output"] = output.text()
        if output.is_too_long and end.stopped_by is None:
            reply.update(stopped_by="output", wait_status=None)
        reply["seconds"] = time.monotonic() - started
        reply["cpu_seconds"] = processes.cpu_seconds_of_the_dead() - cpu_before
        reply["report"] = self._read_report()
        reply["xml_reports"] = self._xml_reports(since) if order["op"] == "run" else []
        self._control.send(reply)
        # After the reply: the worker reads it while the box is emptied for the next job.
        self._as_job(self._empty)

    def _fork(self, order: dict[str, Any]) -> tuple[Output, Watch, int]:
        bundle, *session = self._control.take_fds()
        output_read, output_write = os.pipe()
        setup_read, setup_write = os.pipe()
        session_fd = session[0] if session else None
        pid = os.fork()
        if pid == 0:
            job.live(order, self._wall, job.Pipes(output_write, setup_write, bundle, session_fd))
        for fd in (output_write, setup_write, bundle, *session):
            os.close(fd)
        limits = order["limits"]
        output = Output(output_read, limits["output_bytes"])
        return output, Watch(pid, limits, output, self._wakeup), setup_read

    def _restore(self) -> None:
        """Put back what a job of the same user could have changed."""
        os.fchmod(self._report, 0o666)
        os.ftruncate(self._report, 0)
        link = self._config["link"]
        if link is not None and not os.path.islink(link):
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink(job.BOX, link)

    def _read_report(self) -> str:
        return os.pread(self._report, _REPORT_BYTES_MAX, 0).decode("utf-8", "replace")

    def _xml_reports(self, since: float) -> list[str]:
        if os.fstat(self._report).st_size:
            return []
        # File times are those of the kernel's tick, which may lie just before ours.
        found = self._as_job(lambda: wipe.find_xml_reports(job.BOX, self._wall.venv, since - 0.02))
        return [str(text) for text in found]

    def _empty(self) -> list[str]:
        for root in WRITABLE:
            wipe.empty(root, set(self._config["keep"]))
        return []

    def _as_job(self, work: Callable[[], list[str]]) -> list[Any]:
        """Do work in a process with the job's user, whose files it reads and removes.

        Raises:
            WorkerGoneError: it failed or took too long, so that the sandbox is used no more.
        """
        read, write = os.pipe()
        if os.fork() == 0:
            try:
                become_slot(self._wall.slot_uid)
                with open(write, "w") as file:
                    json.dump(work(), file)
                os._exit(0)
            except BaseException:  # noqa: BLE001 - a process of its own ends here, whatever it is
                traceback.print_exc()
                os._exit(1)
        os.close(write)
        said = _read_all(read, time.monotonic() + _AFTERMATH_SECONDS_MAX)
        processes.kill_all()
        if not said:
            raise WorkerGoneError
        found = json.loads(said)
        assert isinstance(found, list)
        return found


def _close_inherited_but(control: int) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != control:
            with contextlib.suppress(OSError):  # the descriptor that listed the folder
                os.close(int(name))


def _heed_signals() -> None:
    """Take signals as a program does that a person starts: a worker's process ignores some.

    What is ignored stays so in all that it starts, and a job that ends its children would wait
    for them for ever. The two that are left are those that every Python ignores.
    """
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _wake_on_child() -> int:
    """Return a descriptor that becomes readable when a child has ended."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


def preload_pytest(*, with_plugins: bool) -> bool:
    """Import pytest and what it always loads, and say whether that worked.

    Plug-ins are loaded by pytest itself, which must be there first to rewrite their assertions; it
    is asked for its long version text because that is all of a start without a session.
    """
    try:
        pytest = importlib.import_module("pytest")
        for name in importlib.import_module("_pytest.config").default_plugins:
            importlib.import_module("_pytest." + name)
        if with_plugins:
            nowhere = io.StringIO()
            with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
                pytest.main(["--version", "--version"])
    except Exception:  # noqa: BLE001 - a broken pytest is the job's to find out
        return False
    return True


def _start_again_if_threaded() -> None:
    """Start over without plug-ins if one of them started a thread: a fork would not carry it."""
    if len(os.listdir("/proc/self/task")) > 1:
        with open("/proc/self/cmdline") as file:
            argv = file.read().split("\0")
        os.set_inheritable(int(sys.argv[1]), True)  # noqa: FBT003 - its signature
        os.execv(argv[0], [*argv[:4], _WITHOUT_PLUGINS])  # noqa: S606 - the same program again


def _not_begun(said: bytes | None) -> End:
    return End(None, "wall" if said is None else None, 0)


def _reply(end: End, said: bytes | None) -> dict[str, Any]:
    return {
        "wait_status": end.wait_status,
        "stopped_by": end.stopped_by,
        "memory_bytes_max": end.memory_bytes_max,
        "refused": json.loads(said) if said else None,
    }


def _read_all(fd: int, deadline: float) -> bytes:
    """Return what is written until the other end closes; nothing if that takes too long."""
    said = b""
    with open(fd, "rb", buffering=0) as file:
        while select.select([file], [], [], max(0.0, deadline - time.monotonic()))[0]:
            chunk = file.read(1 << 20)
            if not chunk:
                return said
            said += chunk
    return b""
