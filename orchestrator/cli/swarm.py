"""Commands on swarms: launch, status, stop, patch, apply."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.interrupt import held_interrupt
from orchestrator.cli.stack import read_settings
from tasks_schema.kinds import AgentKind, ExitCode, Mode, SwarmStatus

if TYPE_CHECKING:
    from orchestrator.launch.parts import Parts
    from orchestrator.launch.prepare import Request
    from orchestrator.queries.status import SwarmRow

SwarmArgument = Annotated[
    str | None,
    typer.Argument(metavar="[SWARM]", help="Id of a swarm, or its beginning; default: the newest."),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]


class LaunchKind(StrEnum):
    """The kinds of agents that a person can launch."""

    SEARCH = AgentKind.SEARCH.value


def launch(  # noqa: PLR0913 - one parameter an option
    *,
    repo: Annotated[Path, typer.Option(readable=False, help="Folder of the repository.")],
    success: Annotated[str, typer.Option(help="Command that must exit with 0.")],
    task: Annotated[str, typer.Option(help="What is wanted, in your words.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Dotted path that agents may change, for example pkg.auth; repeatable."),
    ] = None,
    agents: Annotated[int, typer.Option(help="How many agents.")] = 8,
    kind: Annotated[LaunchKind, typer.Option(help="Their strategy.")] = LaunchKind.SEARCH,
    mode: Annotated[Mode, typer.Option(help="Who sees what.")] = Mode.SWARM,
    timeout: Annotated[str, typer.Option(help="Time budget, for example 10m or 1h30m.")] = "1h",
    max_ops: Annotated[
        int | None, typer.Option(help="Budget of edits that may be tried; default: no limit.")
    ] = None,
    command_timeout: Annotated[
        str, typer.Option(help="Longest that one run of the success command may take.")
    ] = "10m",
    seed: Annotated[int, typer.Option(help="Seed of all chance.")] = 0,
    python: Annotated[
        Path | None, typer.Option(help="Python that runs the command; default: the repo's .venv.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return the swarm's id at once.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Launch agents at a repository.

    They work until its success command passes, their budget is spent, or you stop them.
    """
    from orchestrator.launch.parts import connect  # noqa: PLC0415
    from orchestrator.launch.prepare import prepare  # noqa: PLC0415
    from orchestrator.launch.recording import record  # noqa: PLC0415
    from orchestrator.stack.services import ensure_up  # noqa: PLC0415

    request = _request(
        repo=repo,
        task=task,
        success=success,
        scope=tuple(scope or ()),
        agents=agents,
        kind=AgentKind(kind),
        mode=mode,
        seconds=timeout,
        operations=max_ops,
        command_seconds=command_timeout,
        seed=seed,
        python=python,
    )
    ensure_up(read_settings())
    parts = connect(read_settings())
    prepared = prepare(request, parts)
    with held_interrupt() as is_interrupted:  # a swarm that is on its way is not to be left behind
        record(prepared.spec, SwarmStatus.PENDING, parts)
        if detach:
            _print_id(prepared.spec.swarm_id, as_json=as_json)
            return
        from orchestrator.cli import watch  # noqa: PLC0415 - while the baseline runs

        row = watch.until_settled(
            parts,
            prepared.spec,
            is_quiet=as_json,
            notes=prepared.notes,
            is_interrupted=is_interrupted,
        )
    _print_result(parts, row, as_json=as_json)
    raise typer.Exit(_exit_code(row))


def status(swarm: SwarmArgument = None, *, as_json: JsonOption = False) -> None:
    """Show how a swarm stands, or the newest ten."""
    from orchestrator.cli import output  # noqa: PLC0415
    from orchestrator.queries.status import find_swarm, list_swarms  # noqa: PLC0415

    parts = _parts()
    with parts.engine.begin() as connection:
        if swarm is None:
            rows = list_swarms(connection, 10)
            sys.stdout.write(output.table(rows, as_json=as_json))
            return
        row = find_swarm(connection, swarm)
    sys.stdout.write(output.detail(row, as_json=as_json))


def stop(swarm: SwarmArgument = None, *, as_json: JsonOption = False) -> None:
    """Stop a swarm.

    When this returns, nothing of it starts any more; what runs ends within seconds.
    """
    from orchestrator.cli import output, watch  # noqa: PLC0415
    from orchestrator.launch.stop import stop as end  # noqa: PLC0415
    from orchestrator.queries.status import find_swarm  # noqa: PLC0415

    parts = _parts()
    with parts.engine.begin() as connection:
        spec = find_swarm(connection, swarm).spec
    end(parts, spec.swarm_id, "stopped by `swarm stop`")
    row = watch.until_settled(parts, spec, is_quiet=True)
    sys.stdout.write(output.detail(row, as_json=as_json))


def patch(swarm: SwarmArgument = None) -> None:
    """Print a swarm's changes as a diff for `git apply`."""
    from orchestrator.queries.patch import patch_of  # noqa: PLC0415
    from orchestrator.queries.status import find_code_swarm  # noqa: PLC0415

    parts = _parts()
    with parts.engine.begin() as connection:
        row = find_code_swarm(connection, swarm)
    sys.stdout.buffer.write(patch_of(parts.engine, row))


def apply(
    swarm: SwarmArgument = None,
    *,
    repo: Annotated[Path, typer.Option(readable=False, help="Folder to change.")],
    branch: Annotated[
        str | None, typer.Option(help="Make and switch to this git branch first.")
    ] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Commit what was changed.")] = False,
) -> None:
    """Apply a swarm's changes to a folder.

    Nothing is changed unless all of it fits.
    """
    from orchestrator.launch.apply import apply_patch  # noqa: PLC0415
    from orchestrator.queries.patch import patch_of  # noqa: PLC0415
    from orchestrator.queries.status import find_code_swarm  # noqa: PLC0415

    parts = _parts()
    with parts.engine.begin() as connection:
        row = find_code_swarm(connection, swarm)
    message = f"Apply swarm {row.spec.swarm_id}\n\n{row.spec.task.description}".rstrip() + "\n"
    done = apply_patch(
        patch_of(parts.engine, row), repo, branch=branch, message=message if commit else None
    )
    sys.stdout.write(f"{done}\n")


def _parts() -> "Parts":
    from orchestrator.launch.parts import connect  # noqa: PLC0415

    return connect(read_settings())


def _request(  # noqa: PLR0913 - one parameter an option
    *,
    repo: Path,
    task: str,
    success: str,
    scope: tuple[str, ...],
    agents: int,
    kind: AgentKind,
    mode: Mode,
    seconds: str,
    operations: int | None,
    command_seconds: str,
    seed: int,
    python: Path | None,
) -> "Request":
    """Return what was typed, checked."""
    from orchestrator.launch import plan  # noqa: PLC0415
    from orchestrator.launch.prepare import Request  # noqa: PLC0415
    from tasks_schema.messages.task import Budget  # noqa: PLC0415

    return Request(
        repository=repo,
        description=task or f"make `{success}` pass",
        success=success,
        success_argv=plan.split_command(success),
        scope=scope,
        agents=plan.check_agents(agents),
        kind=kind,
        mode=mode,
        budget=Budget(
            seconds=plan.parse_duration(seconds), operations=plan.check_operations(operations)
        ),
        seed=seed,
        python=python,
        command_seconds_max=plan.parse_duration(command_seconds),
    )


def _print_id(swarm_id: str, *, as_json: bool) -> None:
    import json  # noqa: PLC0415

    sys.stdout.write((json.dumps({"swarm_id": swarm_id}) if as_json else swarm_id) + "\n")


def _print_result(parts: "Parts", row: "SwarmRow", *, as_json: bool) -> None:
    from orchestrator.cli import output  # noqa: PLC0415
    from orchestrator.queries.patch import patch_of  # noqa: PLC0415

    text = patch_of(parts.engine, row).decode("utf-8", "replace")
    sys.stdout.write(output.result(row, text, as_json=as_json))


def _exit_code(row: "SwarmRow") -> int:
    """Return 0 if the success command passes, 2 if it could not be worked on, 3 otherwise."""
    if row.status is SwarmStatus.SUCCEEDED:
        return ExitCode.SUCCESS
    return ExitCode.BAD_USE if row.status is SwarmStatus.FAILED else ExitCode.UNSOLVED
