"""The process that holds the benchmark's server and its agents, and passes jobs on.

Started as a program, so that it forks while it has one thread and little memory. It speaks on its
standard input and output, and ends, with all that it started, when the input ends: so nothing stays
behind even if whoever started it is killed.
"""

import faulthandler
import os
import random
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import msgspec

from orchestrator.bench.stm.client import Client
from orchestrator.bench.stm.measured import Task
from orchestrator.bench.stm.messages import Hello, Job, Outcome, Wanted
from orchestrator.bench.stm.peers import CLIENTS
from orchestrator.bench.stm.server import Server
from orchestrator.bench.stm.workloads import WORKLOADS

_LENGTH = struct.Struct(">I")
_MARGIN_SECONDS = 30


def send(stream: IO[bytes], message: Any) -> None:
    """Write one message."""
    data = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes], kind: Any) -> Any:
    """Return the next message, None at the end of the stream. Blocks."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return msgspec.msgpack.decode(stream.read(_LENGTH.unpack(head)[0]), type=kind)


@dataclass(frozen=True, slots=True)
class Agent:
    """One forked process, and the socket to it."""

    pid: int
    stream: IO[bytes]


def main() -> None:
    """Serve jobs until the input ends."""
    wanted: Wanted = receive(sys.stdin.buffer, Wanted)
    agents: list[Agent] = []
    server: Server | None = None
    try:
        for index in range(wanted.agents):
            agents.append(_fork(index, agents))
        server = None if wanted.url else Server()
        url = server.url if server else wanted.url
        pids = [agent.pid for agent in agents] + ([server.pid] if server else [])
        send(sys.stdout.buffer, Hello(url, pids))
        while (job := receive(sys.stdin.buffer, Job)) is not None:
            send(sys.stdout.buffer, _run(url, job, agents[: job.agents]))
    finally:
        for agent in agents:
            os.kill(agent.pid, signal.SIGKILL)
            os.waitpid(agent.pid, 0)
        if server:
            server.stop()


def _run(url: str, job: Job, agents: list[Agent]) -> list[Outcome]:
    """Let all prepare, then let all go at once, and return what they did."""
    for agent in agents:
        send(agent.stream, (url, job))
    for agent in agents:
        _answer(agent, str)
    for agent in agents:
        send(agent.stream, "go")
    return [_answer(agent, Outcome) for agent in agents]


def _answer(agent: Agent, kind: Any) -> Any:
    answer = receive(agent.stream, kind)
    assert answer is not None, f"agent {agent.pid} ended in the middle of a job"
    return answer


def _fork(index: int, others: list[Agent]) -> Agent:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid:
        theirs.close()
        return Agent(pid, _stream(ours))
    try:
        ours.close()
        for other in others:  # else the end of the host would not reach those
            other.stream.close()
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - the host's are not for agents
            os.dup2(nothing.fileno(), 0)
            os.dup2(nothing.fileno(), 1)
        _work(index, _stream(theirs))
    except BaseException:  # noqa: BLE001 - a fork must not go on in what its parent was doing
        traceback.print_exc()
    finally:
        os._exit(1)


def _stream(end: socket.socket) -> IO[bytes]:
    """Return a file that alone holds the socket, and closes it with itself."""
    stream: Any = end.makefile("rwb")
    end.close()
    found: IO[bytes] = stream
    return found


def _work(index: int, stream: IO[bytes]) -> None:
    """Do jobs until the host is gone. One that hangs says where, and ends itself."""
    clients: dict[tuple[str, str, float], Client] = {}
    while (order := receive(stream, tuple[str, Job])) is not None:
        url, job = order
        faulthandler.dump_traceback_later(job.seconds + _MARGIN_SECONDS, exit=True)
        run = _prepared(index, url, job, clients)
        send(stream, "ready")
        receive(stream, str)
        send(stream, run())
        faulthandler.cancel_dump_traceback_later()


def _prepared(
    index: int, url: str, job: Job, clients: dict[tuple[str, str, float], Client]
) -> Callable[[], Outcome]:
    """Return the rest of a job; connections live on from slice to slice."""
    key = (job.client, job.space, job.round_trip_seconds)
    chance = random.Random(f"{job.seed}/{index}")  # noqa: S311 - chance that can be replayed
    if key not in clients:
        clients[key] = CLIENTS[job.client](url, job.space, job.round_trip_seconds)
    return WORKLOADS[job.workload](Task(job, index, url, clients[key], chance))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # whoever measured went in the middle of a job; all is ended by now
        os._exit(1)
