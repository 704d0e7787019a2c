"""A Postgres of the machine beside the embedded one, if any: older, and with other locales."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from orchestrator.stack.privileges import unprivileged
from orchestrator.stack.processes import is_alive, spawn, stop

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def find_system_postgres() -> Path | None:
    """Return the folder of the programs of the newest server from 15 on, None if there is none."""
    found = [
        folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if folder.parent.name.isdecimal()
        and int(folder.parent.name) >= 15
        and (folder / "initdb").exists()
    ]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


@contextmanager
def running(programs: Path, home: Path) -> Iterator[str]:
    """Run a server under a folder, whose language is Swedish; yield its URL."""
    how = unprivileged()
    home.mkdir()
    data = home / "data"
    data.mkdir(mode=0o700)
    for folder in (home, data):
        how.own(folder)
    argv = [
        *how.prefix, str(programs / "initdb"), "-D", str(data), "-U", "fleet", "-A", "trust",
        "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=sv", "--no-sync",
    ]  # fmt: skip
    subprocess.run(argv, check=True, capture_output=True, env=_ENVIRONMENT, cwd="/", **how.options)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
    options |= {"fsync": "off", "timezone": "UTC"}
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    argv = [*how.prefix, str(programs / "postgres"), "-D", str(data), *flags]
    log = home.parent / f"{home.name}.log"
    server = spawn(argv, log=log, cwd=data, env=_ENVIRONMENT, **how.options)
    try:
        while not _is_ready(data / "postmaster.pid"):
            assert is_alive(server), log.read_text()
        yield f"postgresql://fleet@127.0.0.1:{port}/postgres"
    finally:
        stop(server, signal_number=signal.SIGQUIT, seconds_max=10)
        shutil.rmtree(home, ignore_errors=True)


def _is_ready(lock: Path) -> bool:
    return lock.exists() and lock.read_text().split()[-1:] == ["ready"]


def speaks_otherwise(url: str) -> bool:
    """Say whether a server sorts texts in another order than by their bytes."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT 'Z' > 'a'").fetchone()
    return row == (True,)
