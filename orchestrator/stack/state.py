"""What runs, on disk: the state folder, its lock, and the file by which others find the stack."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.errors import StackError
from orchestrator.stack.endpoint import write_private
from orchestrator.stack.processes import ProcessIdentity, is_alive
from tasks_schema.names import STACK_FILE

_LOCK_FILE = "lock"


class StackState(BaseModel):
    """One running stack. `redis_url` and `database_url` are what every process of it uses."""

    model_config = ConfigDict(frozen=True)

    redis_url: str = Field(repr=False)
    database_url: str = Field(repr=False)
    valkey: ProcessIdentity | None = None
    """The embedded server; None when another is named."""
    postgres: ProcessIdentity | None = None
    """The embedded server; None when another is named."""
    supervisor: ProcessIdentity | None = None
    """What keeps the fleet alive; None when only the servers were asked for."""
    concurrency: int | None = None
    """Attempts that the worker runs at once; None without a fleet."""
    migrations: str = ""
    """The set of migrations that the schema was brought up to."""

    @property
    def processes(self) -> dict[str, ProcessIdentity]:
        """What this stack runs itself, by name."""
        named = {
            "supervisor": self.supervisor, "valkey": self.valkey, "postgres": self.postgres,
        }  # fmt: skip
        return {name: process for name, process in named.items() if process is not None}

    @property
    def is_whole(self) -> bool:
        """Whether everything that was started still runs."""
        return all(is_alive(process) for process in self.processes.values())


def load_state(home: Path) -> StackState | None:
    """Return what runs under this state folder; None if nothing was started.

    Raises:
        StackError: the file is not one that this program wrote.
    """
    file = home / STACK_FILE
    try:
        return StackState.model_validate_json(file.read_text())
    except FileNotFoundError:
        return None
    except (ValidationError, UnicodeDecodeError) as error:
        raise StackError(f"'{file}' is damaged: remove it and run `swarm up`") from error


def save_state(home: Path, state: StackState) -> StackState:
    """Write what runs, for the owner alone; return it."""
    write_private(home / STACK_FILE, state.model_dump_json(indent=2))
    return state


def forget_state(home: Path) -> None:
    """Remove the file: nothing runs any more."""
    (home / STACK_FILE).unlink(missing_ok=True)


def prepare_home(home: Path) -> None:
    """Make the state folder and its parts, for the owner alone.

    Raises:
        StackError: it cannot be written to.
    """
    with storage_errors(home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in ("logs", "run"):
            (home / part).mkdir(mode=0o700, exist_ok=True)
        write_private(home / "run" / "writable", "")


@contextlib.contextmanager
def storage_errors(home: Path) -> Iterator[None]:
    """Turn what the disk refuses into one sentence about the state folder."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = "free some space there, or set SWARM_HOME to a folder on another disk"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            remedy = "set SWARM_HOME to a folder that you may write to"
        else:
            raise
        reason = (error.strerror or str(error)).lower()
        raise StackError(
            f"cannot write to the state folder '{home}' ({reason}): {remedy}"
        ) from error


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the one right to start and stop under this state folder. Blocks until it is free."""
    with _lock_file(home) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def try_locked(home: Path) -> Iterator[bool]:
    """Hold that right if nobody has it now; say whether. Does not block."""
    with _lock_file(home) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextlib.contextmanager
def _lock_file(home: Path) -> Iterator[int]:
    descriptor = os.open(home / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
