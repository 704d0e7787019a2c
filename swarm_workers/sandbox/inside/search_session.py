"""A session that runs code on a function that counts its calls, again and again.

```
worker ──channel──▶ server ──descriptor, code──▶ template ──fork──▶ one process a run
                       ◀───────────── what is f here? ──────────────┘
```

The *server* holds the function and answers for its value, so the count is its own, and what is over
the cap is not answered. The *template*, forked before the server knows of any function, forks the
process that runs the code. What a run leaves behind is killed before the next.

| request | answer |
|---|---|
| `code`, `function`, `shift`, `evaluations_max`, `cpu_seconds`, `wall_seconds` | `evaluations`, |
| | `answer`, `error`, `cpu_seconds` |

The code calls `f(point)`, and leaves what it found in `answer`. A call too many raises
`EvaluationsSpentError` in it. Runs inside the sandbox: standard library only, Python 3.8 and newer.
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
import signal
import socket
import struct
import time
from typing import Any, Callable, Dict, List, Sequence, Tuple

from . import kernel, search_template

Function = Callable[[Sequence[float]], float]

_LOOK_SECONDS = 0.001
_GRACE_SECONDS = 5.0


def main(channel: Any, _config: Dict[str, Any]) -> None:
    """Serve one worker until it closes the channel.

    Args:
        channel: has `send(dict)`, `receive() -> dict | None` and `fileno()`.
        _config: nothing.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        ours.close()
        os.close(channel.fileno())  # what the code runs must not reach the worker
        search_template.live(theirs)
    theirs.close()
    from . import surfaces  # noqa: PLC0415 - here the template has been forked, and knows none

    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # hides the function from processes of the same user
    server = Server(ours, pid, surfaces)
    while True:
        request = channel.receive()
        if request is None:
            return
        channel.send(server.run(request))


class Count:
    """Answers for the value of a function so often, and no more."""

    def __init__(self, function: Function, dimensions: int, evaluations_max: int) -> None:
        """Nothing was asked yet."""
        self._function = function
        self._unpack = search_template.point_format(dimensions).unpack
        self._left = evaluations_max
        self.evaluations = 0

    def answer(self, question: bytes) -> bytes:
        """Return the packed value at the packed point; the cap's sign once it is reached."""
        if not self._left:
            return search_template.SPENT
        self._left -= 1
        self.evaluations += 1
        value = self._function(self._unpack(question))
        return search_template.VALUE.pack(-math.inf if math.isnan(value) else value)


class Server:
    """The process that holds the function."""

    def __init__(self, template: socket.socket, template_pid: int, surfaces: Any) -> None:
        """Take the line to the template, and the module that has the functions."""
        self._template = template
        self._surfaces = surfaces
        self._spared = {1, os.getpid(), template_pid}

    def run(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Run one piece of code to its end, or to its limits."""
        cpu_before = time.process_time()
        shift = request["shift"]
        function = self._surfaces.moved(self._surfaces.FORMS[request["function"]], shift)
        count = Count(function, len(shift), request["evaluations_max"])
        said, pid = self._talk(request, count.answer)
        ended = self._end(pid)
        answer = _answer_of(said) if said else {"answer": None, "error": _why(ended["status"])}
        cpu_seconds = ended["cpu_seconds"] + time.process_time() - cpu_before
        return dict(answer, evaluations=count.evaluations, cpu_seconds=cpu_seconds)

    def _talk(self, request: Dict[str, Any], answer: Callable[[bytes], bytes]) -> Tuple[bytes, int]:
        """Start the code and answer it; return its last word, if it had one, and its process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = {"code": request["code"], "cpu_seconds": request["cpu_seconds"]}
        with ours:
            with theirs:
                search_template.order(self._template, order, len(request["shift"]), theirs)
            pid = int(json.loads(self._template.recv(search_template.BYTES_MAX))["pid"])
            return _listen(ours, answer, time.monotonic() + request["wall_seconds"]), pid

    def _end(self, pid: int) -> Dict[str, Any]:
        """End the run's process and what it left, and return its status and its time."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._template.settimeout(_GRACE_SECONDS)
        ended: Dict[str, Any] = json.loads(self._template.recv(search_template.BYTES_MAX))
        self._template.settimeout(None)
        self._clear(time.monotonic() + _GRACE_SECONDS)
        return ended

    def _clear(self, deadline: float) -> None:
        """End whatever the run left behind, and see it gone: what forks meanwhile is next."""
        while (left := self._leftovers()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_LOOK_SECONDS)

    def _leftovers(self) -> List[int]:
        processes = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        return sorted(processes - self._spared)


def _listen(line: socket.socket, answer: Callable[[bytes], bytes], deadline: float) -> bytes:
    """Answer questions until the last word, the end of the other side, or the deadline."""
    line.settimeout(max(0.01, deadline - time.monotonic()))
    try:
        while True:
            said = line.recv(search_template.BYTES_MAX)
            if said[:1] != search_template.ASK:
                return said
            line.send(answer(said[1:]))
            if time.monotonic() > deadline:
                return b""
    except (OSError, ValueError, ArithmeticError, struct.error):
        return b""


def _answer_of(said: bytes) -> Dict[str, Any]:
    try:
        answer = json.loads(said[1:])
        return {"answer": answer["answer"], "error": str(answer["error"])}
    except (ValueError, KeyError, TypeError):
        return {"answer": None, "error": "what it answered is no JSON"}


def _why(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGXCPU):
        return "it used up its processor time"
    if os.WIFSIGNALED(status):
        return "it ran out of time, or ended by signal %d" % os.WTERMSIG(status)
    return "it ended with status %d before it answered" % os.WEXITSTATUS(status)
