"""A Valkey of the test's own that may be stopped, killed and started again on its data.

It writes each commit to its log, and to the disk, before it answers (appendfsync always). So what
was acknowledged must be there after a kill -9. With `everysec` that would not be promised: while a
sync is under way the server answers before it writes.
"""

import contextlib
import os
import random
import signal
import socket
from pathlib import Path

import redis

from orchestrator.stack import processes, valkey
from orchestrator.stack.endpoint import is_port_free
from orchestrator.stack.processes import ProcessIdentity
from orchestrator.stack.readiness import start_until_ready

_START_SECONDS_MAX = 20.0
_STOP_SECONDS_MAX = 10.0
_PROBE_SECONDS = 1.0
_LOOKS_MAX = 1000
_PRIVILEGED_PORTS = 1024
_LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


class NemesisServer:
    """One server, over all its lives."""

    def __init__(self, folder: Path, *, fsync: str = "always") -> None:
        """Start it. Blocks until it serves.

        Args:
            folder: for its data and its log.
            fsync: `always`, `everysec` or `no`.
        """
        self._folder = folder
        self._fsync = fsync
        self.port = _steady_port()
        self._process = self._start()

    @property
    def url(self) -> str:
        return url_at(self.port)

    def stop(self) -> None:
        """Let it stand still: connections stay open, nothing is answered."""
        processes.send(self._process, signal.SIGSTOP)

    def go_on(self) -> None:
        processes.send(self._process, signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power failure would. Blocks until it has ended."""
        processes.stop(self._process, signal_number=signal.SIGKILL, seconds_max=_STOP_SECONDS_MAX)

    def start_again(self) -> None:
        """Start it on its data. Blocks until it serves."""
        self._process = self._start()

    def _start(self) -> ProcessIdentity:
        log = self._folder / "valkey.log"

        def attempt() -> ProcessIdentity:
            argv = [str(valkey.find_server()), "--port", str(self.port), "--bind", "127.0.0.1"]
            argv += ["--dir", str(self._folder), "--save", "", "--appendonly", "yes"]
            argv += ["--appendfsync", self._fsync]
            return processes.spawn(argv, log=log, cwd=self._folder, env={"PATH": os.defpath})

        return start_until_ready(
            "valkey", attempt, lambda _: _is_serving(self.port),
            log=log, seconds_max=_START_SECONDS_MAX,
        )  # fmt: skip


def url_at(port: int) -> str:
    """Return the URL of a server, or of a proxy, on this machine."""
    return f"redis://127.0.0.1:{port}/0"


def kill_connections(url: str, count: int | None, chance: random.Random) -> int:
    """Let the server close connections of others; return how many it closed.

    Args:
        url: of the server.
        count: how many at most; None means all.
        chance: chooses them.
    """
    closed = 0
    with redis.Redis.from_url(url) as client:
        own = client.client_id()
        others = [each["id"] for each in client.client_list() if int(each["id"]) != own]
        chance.shuffle(others)
        for other in others[:count]:
            # It may have gone by itself meanwhile.
            with contextlib.suppress(redis.ResponseError):
                closed += int(client.client_kill_filter(_id=other))
    return closed


def wait_alone(url: str) -> None:
    """Return when the server has no connection but this one, so nothing is on its way. Blocks."""
    with redis.Redis.from_url(url) as client:
        for _ in range(_LOOKS_MAX):
            if len(client.client_list()) == 1:
                return
            client.execute_command("WAIT", 1, 10)  # there is no replica: a pause of 10 ms
    raise AssertionError("connections are left over, though every client has ended")


def _steady_port() -> int:
    """Return a port that stays free while the server is down.

    It is none of those that the system gives to outgoing connections: a client that knocks at such
    a port while nobody listens may even be connected to itself.
    """
    lowest = int(_LOCAL_PORTS.read_text().split()[0])
    ports = range(lowest - 1, _PRIVILEGED_PORTS, -1)
    first = os.getpid() % len(ports)  # tests of other processes begin elsewhere
    return next(port for port in (*ports[first:], *ports[:first]) if is_port_free(port))


def _is_serving(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), _PROBE_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
