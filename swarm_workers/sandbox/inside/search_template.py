"""The process that is forked for every run of a search session, and what it says to the server.

It never knows the function that it asks for: all that it sends is points. Runs inside the sandbox:
standard library only, Python 3.8 and newer.
"""

from __future__ import annotations

import array
import gc
import json
import os
import signal
import socket
import struct
import sys
from typing import Any, Dict, List, NoReturn, Optional

from . import session_forks

ASK = b"?"
ANSWER = b"!"
SPENT = b"."
VALUE = struct.Struct("<d")
BYTES_MAX = 1 << 17
"""Of one message; one that is longer is cut, and is then no JSON."""
_FDS = array.array("i", [0])


class EvaluationsSpentError(Exception):
    """The function was called more often than this run may."""


def point_format(dimensions: int) -> struct.Struct:
    """Return how a point is packed."""
    return struct.Struct("<%dd" % dimensions)


def order(
    template: socket.socket, wanted: Dict[str, Any], dimensions: int, line: socket.socket
) -> None:
    """Tell the template to run code, with the line by which it asks for values."""
    rights = array.array("i", [line.fileno()]).tobytes()
    head = json.dumps(dict(wanted, dimensions=dimensions)).encode()
    template.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def live(server: socket.socket) -> NoReturn:
    """Be the template: fork a process for each order, and say how it ended. Never returns."""
    session_forks.mute()
    gc.disable()
    while True:
        head, rights, _flags, _address = server.recvmsg(BYTES_MAX, socket.CMSG_SPACE(_FDS.itemsize))
        if not head:
            os._exit(0)
        line = socket.socket(fileno=_descriptor(rights))
        pid = os.fork()
        if pid == 0:
            server.close()
            _run(line, json.loads(head))
        line.close()
        server.send(json.dumps({"pid": pid}).encode())
        _, status, usage = os.wait4(pid, 0)
        used = usage.ru_utime + usage.ru_stime
        server.send(json.dumps({"status": status, "cpu_seconds": used}).encode())


def _descriptor(rights: List[Any]) -> int:
    found = array.array("i")
    found.frombytes(rights[0][2])
    return found[0]


def _run(line: socket.socket, wanted: Dict[str, Any]) -> NoReturn:
    """Be the run: its last word is `answer`. Never returns."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    session_forks.limit_cpu(wanted["cpu_seconds"])
    names: Dict[str, Any] = {"__name__": "__main__", "f": _function(line, wanted["dimensions"])}
    names["EvaluationsSpentError"] = EvaluationsSpentError
    error = ""
    try:
        exec(compile(wanted["code"], "<search>", "exec"), names)  # noqa: S102 - what it is for
    except EvaluationsSpentError:
        pass
    except BaseException as raised:  # noqa: BLE001 - the report says what the code raised
        error = "%s: %s" % (type(raised).__name__, raised)
    _say(line, names.get("answer"), error)
    os._exit(0)


def _function(line: socket.socket, dimensions: int) -> Any:
    """Return `f`, which asks the server."""
    pack, unpack = point_format(dimensions).pack, VALUE.unpack
    send, receive = line.send, line.recv

    def f(point: Any) -> float:
        """Return the function's value at a point; outside of its box that is -inf."""
        send(ASK + pack(*point))
        value = receive(16)
        if len(value) != VALUE.size:
            raise EvaluationsSpentError("all evaluations of this run are spent")
        return float(unpack(value)[0])

    return f


def _say(line: socket.socket, answer: Optional[Any], error: str) -> None:
    try:
        said = json.dumps({"answer": answer, "error": error[:500]}).encode()
    except (TypeError, ValueError):
        said = json.dumps({"answer": None, "error": "its answer is no JSON"}).encode()
    if len(said) < BYTES_MAX:
        line.send(ANSWER + said)
    sys.stdout.flush()
