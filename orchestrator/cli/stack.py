"""`swarm up`, `down`, `doctor`, `migrate`: the stack of this machine.

What they do is loaded inside each, so that `swarm --help` stays quick.
"""

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from tasks_schema.kinds import ExitCode

_ADDRESSES = (
    ("redis_url", ("redis", "rediss", "unix"), "redis://:password@host:6379/0"),
    (
        "database_url",
        ("postgresql", "postgres", "postgresql+psycopg"),
        "postgresql://user:password@host:5432/name",
    ),
)

if TYPE_CHECKING:
    from pydantic import SecretStr

    from orchestrator.settings import OrchestratorSettings
    from orchestrator.stack.checks import Check

Concurrency = Annotated[
    int | None, typer.Option(min=1, help="Attempts that the worker runs at once; one a core.")
]
ServersOnly = Annotated[bool, typer.Option("--servers-only", help="No worker, no dashboard.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def up(concurrency: Concurrency = None, *, servers_only: ServersOnly = False) -> None:
    """Start servers, worker, refill and dashboard."""
    from orchestrator.stack import flower, services  # noqa: PLC0415

    settings = read_settings()
    state = services.up(settings, concurrency=concurrency, with_fleet=not servers_only)
    for name in ("valkey", "postgres"):
        typer.echo(f"{name:<12} {'runs' if name in state.processes else 'named by you'}")
    if servers_only:
        return
    typer.echo(f"{'worker':<12} runs {state.concurrency} attempts at once")
    file = settings.home / flower.FILE
    typer.echo(f"{'flower':<12} {flower.url(settings)}  user {flower.USER}, password in {file}")


def down() -> None:
    """Stop what `swarm up` started.

    Running attempts end first, or go back to the queue.
    """
    from orchestrator.stack import services  # noqa: PLC0415

    stopped = services.down(read_settings())
    typer.echo(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


def doctor(*, as_json: AsJson = False) -> None:
    """Say what is missing and how to mend it.

    The exit status is 0 if all is well, else 2.
    """
    from orchestrator.stack.checks import run_checks  # noqa: PLC0415

    settings = read_settings()
    found = []
    for check in run_checks(settings):
        found.append(check)
        if not as_json:
            _show(check)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(check) for check in found], indent=2))
    if not all(check.ok for check in found):
        raise typer.Exit(ExitCode.BAD_USE)


def migrate() -> None:
    """Bring the schema of the database up to date."""
    from orchestrator.stack.database import address  # noqa: PLC0415
    from orchestrator.stack.database import migrate as bring_up_to_date  # noqa: PLC0415

    url = read_settings().require_database_url()
    bring_up_to_date(url)
    typer.echo(f"{address(url)} is up to date")


def read_settings() -> "OrchestratorSettings":
    """Return the settings of this process.

    Raises:
        UsageError: a variable has a value without sense.
    """
    from pydantic import ValidationError  # noqa: PLC0415

    from orchestrator.errors import UsageError  # noqa: PLC0415
    from orchestrator.settings import OrchestratorSettings  # noqa: PLC0415

    try:
        settings = OrchestratorSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise UsageError(f"SWARM_{name} cannot be used: {first['msg']}") from error
    for field, schemes, example in _ADDRESSES:
        if not _is_address(getattr(settings, field), schemes):
            raise UsageError(f"SWARM_{field.upper()} is no address such as {example}")
    return settings


def _is_address(url: "SecretStr | None", schemes: tuple[str, ...]) -> bool:
    """Say whether a URL, if there is one, has one of these schemes and a port that can be."""
    from urllib.parse import urlsplit  # noqa: PLC0415

    if url is None:
        return True
    try:
        parts = urlsplit(url.get_secret_value())
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and port != 0


def _show(check: "Check") -> None:
    mark = typer.style("ok", fg="green") if check.ok else typer.style("no", fg="red")
    typer.echo(f"{mark}  {check.name:<13} {check.detail}")
    if check.remedy:
        typer.echo(f"    {'':<13} → {check.remedy}")
