"""The programs of the fleet: what the supervisor is to keep alive, and what it keeps alive now."""

import os
import socket
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import flower
from orchestrator.stack.endpoint import write_private
from orchestrator.stack.processes import ProcessIdentity
from tasks_schema.names import QUEUE_ATTEMPTS, WORKER_READY_FILE

PLAN_FILE = Path("run/plan.json")
RUNNING_FILE = Path("run/fleet.json")
WORKER = "worker"
_NODE = "fleet"


class Program(BaseModel):
    """One program that is to run for as long as the fleet does."""

    model_config = ConfigDict(frozen=True)

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = {}
    """Variables besides those of the supervisor. May hold secrets: the file is of mode 0600."""
    ready_file: Path | None = None
    """Touched by the program once it works; None when nobody waits for that."""


class Plan(BaseModel):
    """All that the supervisor is to keep alive."""

    model_config = ConfigDict(frozen=True)

    programs: tuple[Program, ...]


class Running(BaseModel):
    """What the supervisor keeps alive now, written down so that a successor can take over."""

    model_config = ConfigDict(frozen=True)

    supervisor: ProcessIdentity
    programs: dict[str, tuple[Program, ProcessIdentity]] = {}


def plan_fleet(settings: OrchestratorSettings, concurrency: int) -> Plan:
    """Return the programs of the whole fleet: a worker, the refill loop, the dashboard."""
    return Plan(programs=(_worker(settings, concurrency), _refill(), _dashboard(settings)))


def save_plan(home: Path, plan: Plan) -> None:
    """Write the plan for the supervisor, for the owner alone."""
    write_private(home / PLAN_FILE, plan.model_dump_json(indent=2))


def load_plan(home: Path) -> Plan:
    """Return the plan that `swarm up` wrote."""
    return Plan.model_validate_json((home / PLAN_FILE).read_text())


def save_running(home: Path, running: Running) -> None:
    """Write down what runs, for the owner alone."""
    write_private(home / RUNNING_FILE, running.model_dump_json(indent=2))


def load_running(home: Path) -> Running | None:
    """Return what a supervisor wrote down last; None if there is nothing to be read."""
    try:
        return Running.model_validate_json((home / RUNNING_FILE).read_text())
    except (FileNotFoundError, ValidationError):
        return None


def _worker(settings: OrchestratorSettings, concurrency: int) -> Program:
    node = f"{_NODE}@{socket.gethostname()}"
    argv = (
        sys.executable, "-m", "celery", "-A", "swarm_workers", "worker", "-Q", QUEUE_ATTEMPTS,
        "-c", str(concurrency), "-E", "--without-gossip", "--without-mingle", "-n", node,
        "--loglevel", "INFO",
    )  # fmt: skip
    return Program(
        name=WORKER,
        argv=argv,
        # A soft shutdown: attempts that do not end in time go back to the queue at once.
        env={"REMAP_SIGTERM": "SIGQUIT"},
        ready_file=settings.home / WORKER_READY_FILE.format(hostname=node),
    )


def _refill() -> Program:
    return Program(name="orchestrator", argv=(sys.executable, "-m", "orchestrator.launch.refill"))


def _dashboard(settings: OrchestratorSettings) -> Program:
    running = load_running(settings.home)
    kept = running.programs.get(flower.NAME) if running else None
    access = flower.settle_access(settings, own=kept[1] if kept else None)
    argv = (sys.executable, "-m", "celery", "-A", "swarm_workers", "flower", *flower.flags(access))
    return Program(name=flower.NAME, argv=argv, env=flower.environment(access))


def default_concurrency(settings: OrchestratorSettings) -> int:
    """Return how many attempts the worker of this machine runs at once."""
    return settings.worker_processes or os.cpu_count() or 1
