"""What `swarm doctor` looks at: one small function each, which says what it found and what to do.

A check tries the thing itself: a program is run, a server asked, a page fetched. None changes
anything, and each is bounded in time.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestrator.errors import StackError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import flower, postgres, valkey
from orchestrator.stack.endpoint import free_port, load_endpoint
from orchestrator.stack.fleet import load_running
from orchestrator.stack.privileges import unprivileged
from orchestrator.stack.processes import is_alive
from orchestrator.stack.remote_checks import describe_postgres, describe_redis
from orchestrator.stack.state import prepare_home
from swarm_workers.errors import ConfigurationError

_PROGRAM_SECONDS_MAX = 30
_UP = "run `swarm up`"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found."""
    remedy: str = ""
    """What to do; empty if all is well."""


def run_checks(settings: OrchestratorSettings) -> Iterator[Check]:
    """Yield one result for each check, in the order in which a stack is built. Blocks for each."""
    for check in _CHECKS:
        yield check(settings)


def check_python(_: OrchestratorSettings) -> Check:
    """Say whether this Python is new enough."""
    is_new = sys.version_info >= (3, 11)
    remedy = "" if is_new else "install Python 3.11 or newer"
    return Check("python", is_new, platform.python_version(), remedy)


def check_programs(settings: OrchestratorSettings) -> Check:
    """Say whether the programs of the servers that are to be embedded are there and run."""
    found = []
    try:
        if settings.redis_url is None:
            found.append(_version([str(valkey.find_server()), "--version"]))
        if settings.database_url is None:
            found.append(_version([str(postgres.find_programs() / "postgres"), "--version"]))
    except StackError as error:
        return Check("programs", ok=False, detail="not complete", remedy=str(error))
    except (OSError, subprocess.SubprocessError) as error:
        remedy = "this machine cannot run the wheels' programs: name servers of your own in "
        return Check(
            "programs", ok=False, detail=str(error),
            remedy=f"{remedy}SWARM_REDIS_URL and SWARM_DATABASE_URL",
        )  # fmt: skip
    return Check("programs", ok=True, detail=", ".join(found) or "none needed, servers are named")


def check_state_folder(settings: OrchestratorSettings) -> Check:
    """Say whether the state folder can be written to, and has room."""
    try:
        prepare_home(settings.home)
    except StackError as error:
        return Check("state folder", ok=False, detail=str(settings.home), remedy=str(error))
    free = shutil.disk_usage(settings.home).free
    detail = f"{settings.home}, {free / 2**30:.1f} GiB free"
    if free < settings.disk_bytes_min:
        needed = settings.disk_bytes_min / 2**30
        remedy = f"free at least {needed:.1f} GiB there, or set SWARM_HOME to another disk"
        return Check("state folder", ok=False, detail=detail, remedy=remedy)
    return Check("state folder", ok=True, detail=detail)


def check_ports(_: OrchestratorSettings) -> Check:
    """Say whether a server may listen on the loopback interface."""
    try:
        port = free_port()
    except OSError as error:
        remedy = "allow programs to listen on 127.0.0.1, or name servers of your own"
        return Check("ports", ok=False, detail=str(error), remedy=remedy)
    return Check("ports", ok=True, detail=f"127.0.0.1 can be listened on (for example at {port})")


def check_redis(settings: OrchestratorSettings) -> Check:
    """Say whether Redis answers, keeps what it is told, and throws nothing away."""
    try:
        found = describe_redis(settings.require_redis_url())
    except (ConfigurationError, StackError) as error:
        return Check("redis", ok=False, detail="does not answer", remedy=str(error))
    problems = []
    if found.policy not in ("noeviction", ""):
        problems.append("set `maxmemory-policy noeviction`: a full Redis would drop messages")
    if found.appendonly == "no":
        problems.append("set `appendonly yes`: a restart would lose what is in flight")
    return Check("redis", not problems, found.text, "; ".join(problems))


def check_postgres(settings: OrchestratorSettings) -> Check:
    """Say whether Postgres answers, and is new enough."""
    try:
        version = describe_postgres(settings.require_database_url())
    except (ConfigurationError, StackError) as error:
        return Check("postgres", ok=False, detail="does not answer", remedy=str(error))
    is_new = int(version.partition(".")[0]) >= postgres.MAJOR_MIN
    remedy = "" if is_new else f"use Postgres {postgres.MAJOR_MIN} or newer"
    return Check("postgres", is_new, f"Postgres {version}", remedy)


def check_schema(settings: OrchestratorSettings) -> Check:
    """Say whether the schema is the one that this program was written for."""
    from orchestrator.stack.database import is_current  # noqa: PLC0415 - Alembic takes 0.4 s

    try:
        is_newest = is_current(settings.require_database_url())
    except (ConfigurationError, StackError) as error:
        return Check("schema", ok=False, detail="unknown", remedy=str(error))
    if is_newest:
        return Check("schema", ok=True, detail="at the newest revision")
    return Check("schema", ok=False, detail="behind", remedy="run `swarm migrate`")


def check_worker(settings: OrchestratorSettings) -> Check:
    """Say whether any worker, on whatever host, answers through the broker."""
    argv = [
        sys.executable, "-m", "celery", "-A", "swarm_workers", "--no-color", "--quiet",
        "inspect", "ping", "--timeout", "2",
    ]  # fmt: skip
    done = _run(argv, settings)
    nodes = [line.removeprefix("->").strip() for line in done.stdout.splitlines() if "@" in line]
    names = ", ".join(node.partition(":")[0] for node in nodes)
    if done.returncode == 0 and nodes:
        return Check("worker", ok=True, detail=f"{names} answers")
    remedy = f"{_UP}, or `celery -A swarm_workers worker` on another host"
    return Check("worker", ok=False, detail="none answers", remedy=remedy)


def check_dashboard(settings: OrchestratorSettings) -> Check:
    """Say whether Flower shows its pages to those who know the password, and to nobody else."""
    running = load_running(settings.home)
    if running is None or flower.NAME not in running.programs:
        if running is None and settings.redis_url and settings.database_url:
            return Check("flower", ok=True, detail="none is kept here, servers are named")
        return Check("flower", ok=False, detail="not started", remedy=_UP)
    access = load_endpoint(settings.home / flower.FILE)
    known = flower.status(access)
    unknown = flower.status(access, with_credentials=False)
    if (known, unknown) == (200, 401):
        detail = f"{flower.url(settings)}, user {flower.USER}, password in {flower.FILE}"
        return Check("flower", ok=True, detail=detail)
    is_starting = is_alive(running.programs[flower.NAME][1]) and known == 0
    detail = f"answers {known}, and {unknown} without the password (0: not at all)"
    log = settings.home / "logs" / "flower.log"
    remedy = "wait a moment: it is starting" if is_starting else f"see '{log}'"
    return Check("flower", ok=False, detail=detail, remedy=remedy)


def check_sandbox(settings: OrchestratorSettings) -> Check:
    """Say whether code that an agent wrote can be kept apart on this machine."""
    done = _run([sys.executable, "-m", "swarm_workers.sandbox.probe"], settings)
    words = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1:]
    sentence = words[0] if words else "it said nothing"
    if done.returncode == 0:
        return Check("sandbox", ok=True, detail=sentence)
    return Check("sandbox", ok=False, detail="no isolation", remedy=sentence)


_CHECKS: tuple[Callable[[OrchestratorSettings], Check], ...] = (
    check_python, check_programs, check_state_folder, check_ports, check_redis, check_postgres,
    check_schema, check_worker, check_dashboard, check_sandbox,
)  # fmt: skip


def _version(argv: list[str]) -> str:
    """Return what the program says of itself; run it as the server will be."""
    how = unprivileged()
    done = subprocess.run(
        [*how.prefix, *argv], check=True, capture_output=True, text=True,
        timeout=_PROGRAM_SECONDS_MAX, cwd="/", **how.options,
    )  # fmt: skip
    return " ".join(done.stdout.split()[:3]).replace("(", "").replace(")", "")


def _run(argv: list[str], settings: OrchestratorSettings) -> subprocess.CompletedProcess[str]:
    folder = settings.home if settings.home.is_dir() else None
    env = {**os.environ, **settings.as_environment()}
    try:
        return subprocess.run(
            argv, check=False, capture_output=True, text=True, cwd=folder, env=env,
            timeout=_PROGRAM_SECONDS_MAX,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        reason = f"no answer within {_PROGRAM_SECONDS_MAX} s"
        return subprocess.CompletedProcess(argv, returncode=1, stdout="", stderr=reason)
