"""Launch, first half: what was asked for is checked, and the code goes into the source store.

Every refusal comes from here; `recording.record` then makes the swarm known. What is half-done
cannot be seen, because the row of the swarm is written last.
"""

import os
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.launch.parts import Parts
from orchestrator.launch.plan import missing_scope_message, slug_of
from swarm_workers.interpreter import find_interpreter
from swarm_workers.problems.code.command import is_test_file
from swarm_workers.source.folder import TREE_BYTES_MAX, read_folder
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Branch
from tasks_schema.ids import swarm_id
from tasks_schema.kinds import AgentKind, Mode
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import Budget, CodeTask


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for, checked as far as it can be without looking at the repository."""

    repository: Path
    description: str
    success: str
    success_argv: tuple[str, ...]
    scope: tuple[str, ...]
    agents: int
    kind: AgentKind
    mode: Mode
    budget: Budget
    seed: int
    python: Path | None
    command_seconds_max: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """A swarm that is ready to be recorded."""

    spec: SwarmSpec
    notes: tuple[str, ...]
    """What the person should know: a dirty work tree, an interpreter of last resort."""


def prepare(request: Request, parts: Parts) -> Prepared:
    """Import the code, and name the swarm that is to work on it.

    Blocks for reading the folder and writing it to Postgres.

    Raises:
        UsageError: the folder, the scope or the interpreter cannot be used; nothing was recorded.
        sqlalchemy.exc.OperationalError: Postgres does not answer.
    """
    root = _checked_folder(request.repository)
    interpreter = find_interpreter(root, request.python)
    tree = read_folder(root, bytes_max=min(TREE_BYTES_MAX, parts.settings.job_disk_bytes_max))
    if not tree:
        raise UsageError(f"'{root}' holds no files")
    store = SourceStore(parts.engine)
    imported = store.import_tree(tree, name=root.name)
    _check_scope(store, imported, request.scope)
    branch = store.fork(imported.branch_id, imported.landing)
    spec = SwarmSpec(
        swarm_id=swarm_id(slug_of(request.description, request.success), secrets.token_bytes(6)),
        task=CodeTask(
            description=request.description,
            repository=str(root),
            success=request.success,
            success_argv=request.success_argv,
            scope=request.scope,
            interpreter=interpreter,
            budget=request.budget,
            command_seconds_max=request.command_seconds_max,
        ),
        agents=1 if request.mode is Mode.SINGLE else request.agents,
        kind=request.kind,
        mode=request.mode,
        seed=request.seed,
        branch=branch,
        import_landing=store.head(branch).number,
    )
    return Prepared(spec, tuple(_notes(root, spec)))


def _checked_folder(path: Path) -> Path:
    root = path.expanduser().resolve()
    if not root.exists():
        raise UsageError(f"there is no folder '{root}'")
    if not root.is_dir():
        raise UsageError(f"'{root}' is a file; --repo takes the folder of the repository")
    if not os.access(root, os.R_OK | os.X_OK):
        raise UsageError(f"the folder '{root}' cannot be read by this user")
    return root


def _check_scope(store: SourceStore, imported: Branch, scope: Sequence[str]) -> None:
    for each in scope:
        paths = store.paths_in_scope(imported.branch_id, imported.landing, [each])
        if not paths:
            names = store.module_names(imported.branch_id, imported.landing)
            raise UsageError(missing_scope_message(each, names))
        if all(is_test_file(path) for path in paths):
            raise UsageError(
                f"the scope '{each}' holds tests only, which agents never change; "
                "name the code that they test"
            )


def _notes(root: Path, spec: SwarmSpec) -> list[str]:
    notes = []
    if _is_dirty(root):
        notes.append("the work tree has changes that are not committed; the swarm works on them")
    if spec.code.interpreter.is_fleet:
        notes.append("the repository has no .venv: its tests run under the fleet's own Python")
    return notes


def _is_dirty(root: Path) -> bool:
    argv = ["git", "-C", str(root), "status", "--porcelain", "--untracked-files=normal", "--", "."]
    try:
        done = subprocess.run(argv, capture_output=True, check=False, timeout=30)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and bool(done.stdout.strip())
