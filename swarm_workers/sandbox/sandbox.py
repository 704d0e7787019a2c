"""One sandbox: a wall of namespaces around one warm interpreter, which runs one job at a time.

```
worker ──wire──▶ bwrap( zygote: pytest imported, nothing else )
   one job: fork ▸ drop user ▸ limits ▸ Landlock ▸ seccomp ▸ unpack ▸ the job
   its end: kill all ▸ reply ▸ empty the box
```

Killing the zygote, or the worker, ends everything inside: it is process 1 of its namespace.
"""

import dataclasses
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Self

from swarm_workers.protocols import Tree
from swarm_workers.sandbox.boot import boot
from swarm_workers.sandbox.bundle import pack
from swarm_workers.sandbox.errors import (
    CommandNotFoundError,
    CommandNotRunnableError,
    SandboxBusyError,
)
from swarm_workers.sandbox.inside import report_plugin
from swarm_workers.sandbox.inside.channel import Channel
from swarm_workers.sandbox.isolation import probe
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.reply import read_result
from swarm_workers.sandbox.result import RunResult
from swarm_workers.sandbox.session import Session
from swarm_workers.sandbox.wire import Wire
from tasks_schema.messages.task import Interpreter

_GRACE_SECONDS = 30
"""How long after its wall-clock limit a job's end may take to be told."""


class Sandbox:
    """A place for code that nobody vouches for. Not for two threads at once.

    The thread that boots it must live as long as it does: the kernel ends it with that thread.
    """

    def __init__(
        self, wire: Wire, limits: Limits, interpreter: Interpreter, *, has_pytest: bool
    ) -> None:
        """Take over what `boot` started."""
        self._interpreter = interpreter
        self._wire = wire
        self._limits = limits
        self._session: Session | None = None
        self.has_pytest = has_pytest
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
        wire, has_pytest = boot(probe(), interpreter, repository, limits)
        return cls(wire, limits, interpreter, has_pytest=has_pytest)

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
            CommandError: there is no such program in there, or the kernel does not run it.
            SandboxBrokenError: the sandbox is lost; boot another one.
        """
        assert argv, "a command has at least a program"
        chosen = limits or self._limits
        ended = self._run(tree, argv, chosen, wants_report=True)
        if ended.tests is None and report_plugin.NAME in ended.output:
            # A pytest that we did not start lost the way to our plug-in: better no outcomes than
            # a failure of ours.
            ended = self._run(tree, argv, chosen, wants_report=False)
        return ended

    def open(
        self, tree: Tree, program: str, config: dict[str, Any], *, limits: Limits | None = None
    ) -> Session:
        """Start a program of `inside/` on a fresh copy of the code and return the talk with it.

        Args:
            tree: the code.
            program: the module's name; its `main(channel, config)` is the job.
            config: for the program, as JSON can hold it.
            limits: what the whole session may use; None for those of the sandbox.

        Raises:
            SandboxBusyError: a session is open.
            SandboxBrokenError: the sandbox is lost, or the program is not there.
            SessionEndedError: the code does not fit, or its unpacking took too long.
        """
        chosen = limits or self._limits
        order = {"op": "open", "program": program, "config": config}
        with ExitStack() as undo:
            ours, theirs = socket.socketpair()
            undo.enter_context(ours)
            with theirs:
                self._order(order, tree, chosen, theirs.fileno())
            reply = self._wire.receive(chosen.wall_seconds + _GRACE_SECONDS)
            undo.pop_all()
        session = Session(Channel(ours), self._wire)
        if "started" not in reply:
            session.end_unstarted(reply)
            self._raise_if_refused(reply, program)
            raise session.ended()
        self._session = session
        return session

    def kill(self) -> None:
        """End all that runs in it, from any thread and at any time; does not wait.

        The thread that uses it gets a `SandboxError` from what it waits for, and still closes it.
        """
        self._wire.kill()

    def close(self) -> None:
        """End it and all that runs in it; waits for that. Safe to call twice."""
        if self._session is not None:
            self._session.hang_up()
        self._wire.close()

    def __enter__(self) -> Self:
        """Return the sandbox."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close it."""
        self.close()

    def _run(
        self, tree: Tree, argv: Sequence[str], limits: Limits, *, wants_report: bool
    ) -> RunResult:
        order = {"op": "run", "argv": list(argv), "wants_report": wants_report}
        self._order(order, tree, limits)
        reply = self._wire.receive(limits.wall_seconds + _GRACE_SECONDS)
        self._raise_if_refused(reply, argv[0])
        return read_result(reply)

    def _order(
        self, order: dict[str, Any], tree: Tree, limits: Limits, session: int | None = None
    ) -> None:
        if self._session is not None and self._session.is_open:
            raise SandboxBusyError
        bundle = pack(tree)
        try:
            fds = (bundle,) if session is None else (bundle, session)
            self._wire.send({**order, "limits": dataclasses.asdict(limits)}, fds)
        finally:
            os.close(bundle)

    def _raise_if_refused(self, reply: dict[str, Any], program: str) -> None:
        refused = reply["refused"]
        if refused is None or refused["kind"] == "disk":
            return
        if refused["kind"] == "not_found":
            raise CommandNotFoundError(program, self._interpreter.executable)
        if refused["kind"] == "not_runnable":
            raise CommandNotRunnableError(program, refused["reason"])
        raise self._wire.broken(f"a job could not be set up, {refused['reason']}")
