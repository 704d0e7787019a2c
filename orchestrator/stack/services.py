"""The stack of one machine: up, down, and the quick look that `swarm launch` takes first."""

from pathlib import Path

from orchestrator.settings import OrchestratorSettings
from orchestrator.stack.fleet import plan_fleet
from orchestrator.stack.keeper import Planner, end_fleet, start_fleet, wait_for_fleet
from orchestrator.stack.revisions import migrations_fingerprint
from orchestrator.stack.servers import start_servers, stop_servers
from orchestrator.stack.state import (
    StackState,
    forget_state,
    load_state,
    locked,
    prepare_home,
    save_state,
    storage_errors,
)

_MIGRATED_FILE = Path("postgres/data/swarm_migrations")


def up(
    settings: OrchestratorSettings,
    *,
    concurrency: int | None = None,
    with_fleet: bool = True,
    planner: Planner = plan_fleet,
) -> StackState:
    """Start what does not run and return the stack once it takes work. Blocks.

    Safe to call again, and at once from several processes: they end with one and the same stack.

    Args:
        settings: where the state folder is, which servers are named, how long things may take.
        concurrency: attempts that the worker runs at once; None leaves it as it is, or one a core.
        with_fleet: whether worker, refill loop and dashboard are wanted, or the servers alone.
        planner: what the fleet consists of.

    Raises:
        StackError: something cannot be started.
        UsageError: the fleet that runs was started otherwise.
    """
    prepare_home(settings.home)
    with storage_errors(settings.home), locked(settings.home):
        _require_named(settings)
        before = load_state(settings.home)
        state = start_servers(settings, before)
        _end_outdated_fleet(settings, before, state)
        state = save_state(settings.home, state)
        state = save_state(settings.home, _bring_schema(settings, state))
        if with_fleet:
            state = start_fleet(settings, state, concurrency, planner)
            save_state(settings.home, state)
    if with_fleet and state.supervisor is not None:
        wait_for_fleet(settings, state.supervisor)
    return state


def down(settings: OrchestratorSettings) -> list[str]:
    """Stop what `up` started, and nothing else; return the names of what was stopped. Blocks.

    Attempts that run are given `drain_seconds_max` to end or to go back to the queue.
    """
    if not settings.home.is_dir():
        return []
    with storage_errors(settings.home), locked(settings.home):
        stopped = end_fleet(settings, load_state(settings.home)) + stop_servers(settings)
        forget_state(settings.home)
    return stopped


def ensure_up(settings: OrchestratorSettings) -> StackState:
    """Return the running stack, started first if anything of it is missing. Quick if nothing is.

    Raises:
        StackError: as `up`.
    """
    state = load_state(settings.home)
    if state is not None and _is_as_wanted(settings, state):
        return state
    return up(settings)


def _is_as_wanted(settings: OrchestratorSettings, state: StackState) -> bool:
    named = (settings.redis_url, settings.database_url)
    return (
        state.supervisor is not None
        and state.is_whole
        and state.migrations == migrations_fingerprint()
        and all(
            url is None or url.get_secret_value() == found
            for url, found in zip(named, _addresses(state), strict=True)
        )
    )


def _addresses(state: StackState) -> tuple[str, str]:
    return state.redis_url, state.database_url


def _require_named(settings: OrchestratorSettings) -> None:
    """Refuse a named server that is not fit for use, before anything is started.

    Raises:
        StackError: it does not answer, or its schema is behind.
    """
    if settings.redis_url is not None:
        from orchestrator.stack.remote_checks import describe_redis  # noqa: PLC0415 - 0.2 s

        describe_redis(settings.redis_url.get_secret_value())
    if settings.database_url is not None:
        from orchestrator.stack.database import require_current  # noqa: PLC0415 - 0.4 s

        require_current(settings.database_url.get_secret_value())


def _end_outdated_fleet(
    settings: OrchestratorSettings, before: StackState | None, now: StackState
) -> None:
    """End a fleet that looks for a server at an old port, or was written for an older schema."""
    if before is None:
        return
    is_moved = _addresses(before) != _addresses(now)
    if is_moved or before.migrations != migrations_fingerprint():
        end_fleet(settings, before)


def _bring_schema(settings: OrchestratorSettings, state: StackState) -> StackState:
    """Migrate the embedded database. It is ours alone: a note beside it spares loading Alembic."""
    wanted = migrations_fingerprint()
    note = settings.home / _MIGRATED_FILE
    if state.postgres is not None and not (note.exists() and note.read_text() == wanted):
        from orchestrator.stack.database import migrate  # noqa: PLC0415 - 0.4 s

        migrate(state.database_url)
        note.write_text(wanted)
    return state.model_copy(update={"migrations": wanted})
