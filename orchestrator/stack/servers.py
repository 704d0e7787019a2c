"""The two servers of a stack, each embedded unless another is named."""

import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from orchestrator.errors import UsageError
from orchestrator.settings import OrchestratorSettings
from orchestrator.stack import postgres, valkey
from orchestrator.stack.processes import ProcessIdentity, is_alive, stop
from orchestrator.stack.state import StackState


@dataclass(frozen=True)
class Embedded:
    """A server that can be embedded."""

    name: str
    """Also the field of `StackState` that holds its process."""
    url_field: str
    """The field of the settings, and of `StackState`, that holds its URL."""
    start: Callable[[OrchestratorSettings], ProcessIdentity]
    find_running: Callable[[OrchestratorSettings], ProcessIdentity | None]
    url: Callable[[OrchestratorSettings], str]
    stop_signal: int


VALKEY = Embedded(
    valkey.NAME, "redis_url", valkey.start, valkey.find_running, valkey.url, signal.SIGTERM
)
POSTGRES = Embedded(
    postgres.NAME, "database_url", postgres.start, postgres.find_running, postgres.url,
    postgres.STOP_SIGNAL,
)  # fmt: skip
SERVERS = (VALKEY, POSTGRES)


def start_servers(settings: OrchestratorSettings, before: StackState | None) -> StackState:
    """Start the embedded servers that do not run and return the stack with them. Blocks.

    What this call started is stopped again if it cannot finish.

    Raises:
        StackError: one of them cannot be started.
        UsageError: a server is named, and the fleet that runs uses another.
    """
    found: dict[str, Any] = {}
    with contextlib.ExitStack() as undo:
        for server in SERVERS:
            named = _named_url(settings, before, server)
            if named is None:
                found[server.name] = _start(settings, server, undo)
                found[server.url_field] = server.url(settings)
            else:
                found |= {server.name: None, server.url_field: named}
        undo.pop_all()
    return before.model_copy(update=found) if before else StackState(**found)


def stop_servers(settings: OrchestratorSettings) -> list[str]:
    """Stop the embedded servers that run on our data; return their names. Blocks."""
    stopped = []
    for server in SERVERS:
        process = server.find_running(settings)
        if process is not None and _stop(settings, server, process):
            stopped.append(server.name)
    return stopped


def _start(
    settings: OrchestratorSettings, server: Embedded, undo: contextlib.ExitStack
) -> ProcessIdentity:
    running = server.find_running(settings)
    if running is not None:
        return running
    process = server.start(settings)
    undo.callback(_stop, settings, server, process)
    return process


def _stop(settings: OrchestratorSettings, server: Embedded, process: ProcessIdentity) -> bool:
    return stop(process, signal_number=server.stop_signal, seconds_max=settings.stop_seconds_max)


def _named_url(
    settings: OrchestratorSettings, before: StackState | None, server: Embedded
) -> str | None:
    """Return the URL of the server that somebody else runs; None if ours is to be used.

    A fleet keeps the servers that it was started with until `swarm down`: a shell that lacks the
    variable joins it, one that names another server is refused.
    """
    named: SecretStr | None = getattr(settings, server.url_field)
    fixed = None
    if before is not None and is_alive(before.supervisor):
        is_embedded = getattr(before, server.name) is not None
        fixed = None if is_embedded else str(getattr(before, server.url_field))
        if named is not None and named.get_secret_value() != fixed:
            variable = f"SWARM_{server.url_field.upper()}"
            raise UsageError(
                f"{variable} names another server than the running fleet uses: "
                "run `swarm down` first, or unset the variable"
            )
    return fixed if named is None else named.get_secret_value()
