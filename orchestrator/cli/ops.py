"""`swarm ops …`: the operation log, and its exchange with another database as lines of JSON.

What they do is loaded inside each, so that `swarm --help` stays quick.
"""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from orchestrator.cli.stack import read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(
    help="Exchange operations with another database, check out any state, or purge.",
    no_args_is_help=True,
)

_PROGRESS_LINES = 5_000
BranchArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[SWARM]", help="Id of a swarm or its beginning, or of a branch; default: newest."
    ),
]


@app.callback()
def ops() -> None:
    """Exchange operations with another database, check out any state, or purge."""


@app.command()
def export(
    swarm: BranchArgument = None,
    *,
    since: Annotated[
        str | None,
        typer.Option(help="What the reader has: a landing's number, a vector, or a file of one."),
    ] = None,
    scope: Annotated[
        str | None, typer.Option(help="Folder, file or module, for example pkg.auth; default: all.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write, whole or not at all; default: stdout.")
    ] = None,
) -> None:
    """Write what landed on a branch, as lines of JSON.

    With --since, only what the reader has not seen.
    """
    from swarm_workers.source.log.operation_log import OperationLog  # noqa: PLC0415

    with _engine() as engine:
        lines = OperationLog(engine).export(_branch(engine, swarm), _seen(since), scope)
        if output is None:
            _write(lines, sys.stdout.buffer)
        else:
            _write_whole(lines, output)


@app.command(name="import")
def import_operations(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="As exported; default: stdin.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Merge what another database exported.

    All of it or nothing; what is here already stays.
    """
    from dataclasses import asdict  # noqa: PLC0415

    from swarm_workers.source.log.operation_log import OperationLog  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        source = stack.enter_context(file.open("rb")) if file is not None else sys.stdin.buffer
        log = OperationLog(stack.enter_context(_engine()))
        received = log.import_lines(_counted(_lines(source)))
    if as_json:
        sys.stdout.write(json.dumps(asdict(received)) + "\n")
        return
    sys.stdout.write(
        f"{received.operations} operations merged, {received.known} were known; "
        f"branch {received.branch_id} is at landing {received.landing}\n"
    )


@app.command()
def vector(
    swarm: BranchArgument = None,
    *,
    against: Annotated[
        str | None,
        typer.Option(help="Compare: with a landing's number, a vector, or a file of one."),
    ] = None,
) -> None:
    """Print what a branch has seen, for `swarm ops export --since` elsewhere.

    With --against, how that stands to another, and how many operations each lacks.
    """
    from swarm_workers.source.log.operation_log import OperationLog  # noqa: PLC0415
    from swarm_workers.source.log.vectors import compare, missing  # noqa: PLC0415
    from swarm_workers.source.store import SourceStore  # noqa: PLC0415

    other = _seen(against)
    with _engine() as engine:
        branch = _branch(engine, swarm)
        seen = OperationLog(engine).vector(branch)
        if isinstance(other, int):
            other = dict(SourceStore(engine).landing(branch, other).version_vector)
    if other is None:
        sys.stdout.write(json.dumps(seen, sort_keys=True) + "\n")
        return
    ahead, behind = (sum(map(len, runs)) for runs in (missing(other, seen), missing(seen, other)))
    sys.stdout.write(
        f"{compare(seen, other)}: {ahead} operations are here and not there, "
        f"{behind} there and not here\n"
    )


@app.command()
def checkout(
    swarm: BranchArgument = None,
    *,
    into: Annotated[Path, typer.Option(help="Folder to write: new, or empty.")],
    at: Annotated[
        str | None,
        typer.Option(help="A landing's number, a vector, or a file of one; default: the head."),
    ] = None,
) -> None:
    """Write the files of a state of a branch.

    A landing that was purged can still be had by its vector.
    """
    from orchestrator.errors import UsageError  # noqa: PLC0415
    from swarm_workers.source.folder import write_folder  # noqa: PLC0415
    from swarm_workers.source.log.operation_log import OperationLog  # noqa: PLC0415
    from swarm_workers.source.store import SourceStore  # noqa: PLC0415

    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UsageError(f"'{into}' is there and not empty; name a new folder")
    state = _seen(at)
    with _engine() as engine:
        branch = _branch(engine, swarm)
        if isinstance(state, dict):
            tree = OperationLog(engine).checkout_at(branch, state)
        else:
            tree = SourceStore(engine).checkout(branch, state)
    write_folder(into, tree)
    sys.stdout.write(f"{len(tree)} files of branch {branch} written to {into}\n")


@app.command()
def purge(
    swarm: BranchArgument = None,
    *,
    before: Annotated[int, typer.Option(help="The oldest landing to keep.")],
) -> None:
    """Forget old landings of a branch.

    The operations stay. A landing that a fork came from stays too.
    """
    from swarm_workers.source.log.operation_log import OperationLog  # noqa: PLC0415

    with _engine() as engine:
        branch = _branch(engine, swarm)
        oldest = OperationLog(engine).purge(branch, before)
    sys.stdout.write(f"the oldest landing of branch {branch} is {oldest}\n")


@contextlib.contextmanager
def _engine() -> Iterator["Engine"]:
    from sqlalchemy import create_engine, make_url  # noqa: PLC0415

    from orchestrator.stack.database import require_current  # noqa: PLC0415

    url = read_settings().require_database_url()
    require_current(url)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        yield engine
    finally:
        engine.dispose()


def _branch(engine: "Engine", named: str | None) -> str:
    """Return the id of a branch, or of the branch that counts of a swarm."""
    from uuid import UUID  # noqa: PLC0415

    from orchestrator.queries.status import find_code_swarm  # noqa: PLC0415

    with contextlib.suppress(ValueError):
        return str(UUID(named or ""))
    with engine.begin() as connection:
        return find_code_swarm(connection, named).branch


def _seen(since: str | None) -> dict[str, int] | int | None:
    """Return a landing's number or a vector.

    Raises:
        UsageError: it is neither, nor a file of a vector.
    """
    from orchestrator.errors import UsageError  # noqa: PLC0415
    from swarm_workers.source.log.wire_reading import parse_vector  # noqa: PLC0415

    if since is None or since.isdecimal():
        return int(since) if since is not None else None
    try:
        text = since if since.lstrip().startswith("{") else Path(since).read_text(encoding="utf-8")
        return parse_vector(text)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"'{since[:80]}' is no landing, no vector and no file of one ({error}); "
            "`swarm ops vector` prints what a branch has seen"
        ) from error


def _write(lines: Iterable[bytes], file: BinaryIO) -> None:
    file.writelines(lines)
    file.flush()


def _write_whole(lines: Iterable[bytes], output: Path) -> None:
    draft = output.with_name(f"{output.name}.part")
    try:
        with draft.open("wb") as file:
            _write(lines, file)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file; of one that is too long, so much that it is seen to be."""
    from swarm_workers.source.log.wire_reading import LINE_BYTES_MAX  # noqa: PLC0415

    yield from iter(lambda: file.readline(LINE_BYTES_MAX + 1), b"")


def _counted(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines, and tell a person now and then how many there were."""
    is_told = sys.stderr.isatty()
    for number, line in enumerate(lines, 1):
        if is_told and number % _PROGRESS_LINES == 0:
            sys.stderr.write(f"\r{number:,} lines")
            sys.stderr.flush()
        yield line
    if is_told:
        sys.stderr.write("\r\033[K")
