"""The warm evaluator: a session inside the sandbox that collects the tests once and then judges
thousands of candidates without starting pytest again.

Two processes. This one holds the channel to the worker, has pytest imported and nothing of the
repository, so that it can fork a *cold* run at any time. The *warm* one, forked from it, has
collected the tests; each candidate is swapped into a fork of that.

Requests and their answers, each a dictionary:

| request | answers |
|---|---|
| `survey`: `test_seconds_max`, `trace_seconds_max`, `known` | `outcome`, `lines`, then `surveyed` |
| `plan`: `focus`, `red`, `green`, `seconds`, `patience` | `planned` |
| `evaluate`: `candidates`, each with `key` and `edits` | `trials` |

`known` names tests that a survey leaves out, each with the lines it runs where these matter.
`failed` with a `message` answers any of them when the tests cannot be collected at all. Runs inside
the sandbox, with the repository's copy as the current folder: standard library and the target's
pytest only, Python 3.8 and newer.

Configuration: `args`, pytest's arguments; `adds_cwd`, whether the current folder is put on the
import path, as `python -m pytest` does; `collect_seconds_max`.
"""  # noqa: D205 - the first sentence needs two lines

import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from typing import Any, Dict, List, Optional

import pytest

from . import (
    session_cold,
    session_live,
    session_plugin,
    session_warm,
)

_COLLECT_SECONDS_MAX = 120.0
_MESSAGE_CHARACTERS_MAX = 1_000
_REASON_LINES_MAX = 3


class WarmEndedError(Exception):
    """The warm process is gone; its last words are the message."""


def main(channel: Any, config: Dict[str, Any]) -> None:
    """Serve one worker until it closes the channel.

    Args:
        channel: has `send(dict)`, `receive() -> dict | None` and `fileno()`.
        config: see the top of this file.
    """
    session_cold.forget_bytecode()
    if config.get("adds_cwd", True):
        sys.path.insert(0, os.getcwd())
    sys.argv = ["pytest", *config["args"]]
    scratch = tempfile.mkdtemp(prefix="swarm-session-")
    session = Session(channel, config, scratch)
    try:
        session.serve()
    except WarmEndedError as error:
        channel.send({"op": "failed", "message": str(error)})
    finally:
        session.close()
        shutil.rmtree(scratch, ignore_errors=True)


class Lines:
    """Dictionaries over a socket, one line of JSON each."""

    def __init__(self, end: socket.socket) -> None:
        """Take this end of a pair."""
        self._end = end
        self._pending = b""

    def send(self, message: Dict[str, Any]) -> None:
        """Send one message. Blocks while the other side does not read."""
        self._end.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, seconds_max: Optional[float] = None) -> Optional[Dict[str, Any]]:
        """Return the next message; None when the other side is gone or too late."""
        deadline = None if seconds_max is None else time.monotonic() + seconds_max
        while b"\n" not in self._pending:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._end], [], [], left)[0]:
                return None
            data = self._end.recv(1 << 18)
            if not data:
                return None
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        message: Dict[str, Any] = json.loads(line)
        return message


class Session:
    """The process that holds the channel."""

    def __init__(self, channel: Any, config: Dict[str, Any], scratch: str) -> None:
        """Fork the warm process, which begins to collect at once."""
        self._channel = channel
        self._arguments: List[str] = list(config["args"])
        self._collect_seconds_max = float(config.get("collect_seconds_max", _COLLECT_SECONDS_MAX))
        self._cold = session_cold.ColdRunner(self._arguments, scratch)
        self._plan: Dict[str, Any] = {}
        self._limits: Dict[str, float] = {}
        self._output = open(os.path.join(scratch, "output"), "w+b")  # noqa: SIM115 - closed by close
        self._started = time.monotonic()
        ours, theirs = socket.socketpair()
        self._warm_pid = os.fork()
        if self._warm_pid == 0:
            ours.close()
            _live_warm(channel, Lines(theirs), self._arguments, scratch, self._output.fileno())
        theirs.close()
        self._warm = Lines(ours)
        self._ready: Optional[Dict[str, Any]] = None

    def serve(self) -> None:
        """Answer requests until the channel ends.

        Raises:
            WarmEndedError: the tests could not be collected, or the warm process broke.
        """
        answers = {"survey": self._survey, "plan": self._make_plan, "evaluate": self._evaluate}
        while True:
            request = self._channel.receive()
            if request is None or request["op"] == "close":
                return
            if self._ready is None:
                self._ready = self._next(self._collect_seconds_max)
                self._collect_seconds = time.monotonic() - self._started
            answers[request["op"]](request)

    def close(self) -> None:
        """End the warm process."""
        try:
            os.kill(self._warm_pid, signal.SIGKILL)
            os.waitpid(self._warm_pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        self._output.close()

    def _survey(self, request: Dict[str, Any]) -> None:
        self._warm.send(request)
        while True:
            message = self._next()
            self._channel.send(message)
            if message["op"] == "surveyed":
                return

    def _make_plan(self, request: Dict[str, Any]) -> None:
        self._plan = request
        self._warm.send(request)
        planned = self._next()
        allowance = max(1.0, 3 * self._collect_seconds)
        self._limits = {test: limit + allowance for test, limit in planned.pop("limits").items()}
        self._channel.send(planned)

    def _evaluate(self, request: Dict[str, Any]) -> None:
        self._warm.send(request)
        trials = self._next()["trials"]
        edits = {candidate["key"]: candidate["edits"] for candidate in request["candidates"]}
        for trial in trials:
            if trial["is_cold"]:
                own = [tuple(edit) for edit in edits[trial["key"]]]
                self._cold.judge(trial, own, self._plan, self._limits)
        self._channel.send({"op": "trials", "trials": trials})

    def _next(self, seconds_max: Optional[float] = None) -> Dict[str, Any]:
        message = self._warm.receive(seconds_max)
        if message is None:
            self._output.seek(0)
            raise WarmEndedError(_reason(self._output.read().decode(errors="replace")))
        return message


def _reason(words: str) -> str:
    """Return what pytest said was wrong, on one line; else the last that it said."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "E  ", "INTERNALERROR"))]
    told = " | ".join((errors or lines)[-_REASON_LINES_MAX:])
    return told[-_MESSAGE_CHARACTERS_MAX:] or "pytest ended and said nothing"


def _live_warm(channel: Any, lines: Lines, arguments: List[str], scratch: str, output: int) -> None:
    """Be the warm process: never returns."""
    try:
        if channel.fileno() > 2:
            os.close(channel.fileno())  # what the tests run must not reach the worker
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        imports = session_live.ImportTimeCalls(session_live.Paths(os.getcwd()))

        def on_loop(session: Any) -> None:
            warm = session_warm.WarmProcess(session, plugin, imports, lines.send)
            lines.send({"op": "ready"})
            _serve_warm(warm, plugin, lines)
            os._exit(0)

        plugin = session_plugin.SessionPlugin(on_loop, scratch)
        imports.start()
        pytest.main(list(arguments), plugins=[plugin])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _serve_warm(
    warm: session_warm.WarmProcess, plugin: session_plugin.SessionPlugin, lines: Lines
) -> None:
    """Answer requests until the other process is gone."""
    while True:
        request = lines.receive()
        if request is None:
            return
        if request["op"] == "survey":
            warm.survey(request["test_seconds_max"], request["trace_seconds_max"], request["known"])
            lines.send(
                {"op": "surveyed", "tests": warm.tests, "collect_errors": plugin.collect_errors}
            )
        elif request["op"] == "plan":
            lines.send(dict(warm.plan(request), limits=warm.limits(request["patience"])))
        else:
            lines.send({"op": "trials", "trials": warm.evaluate(request["candidates"])})
