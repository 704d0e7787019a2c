"""Commands on live code: show, history, lineage, callers, hotspots."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.stack import read_settings
from orchestrator.cli.swarm import JsonOption, SwarmArgument
from tasks_schema.kinds import EdgeKind

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from orchestrator.queries.callers import CallerRow
    from orchestrator.queries.code import CodeRow
    from orchestrator.queries.history import HistoryRow
    from orchestrator.queries.lineage import LineageRow

PathArgument = Annotated[
    str, typer.Argument(metavar="PATH", help="Dotted path, for example pkg.auth.Session.renew.")
]
SwarmOption = Annotated[
    str | None,
    typer.Option(
        "--swarm", help="Look at the code of this swarm (an id or its beginning); default: newest."
    ),
]
BranchOption = Annotated[
    str | None, typer.Option("--branch", help="Look at this branch of the source store instead.")
]
LandingOption = Annotated[
    int | None, typer.Option("--landing", min=0, help="As of this landing; default: the head.")
]
DiffOption = Annotated[bool, typer.Option("--diff", help="Show what each landing changed.")]
OutlineOption = Annotated[bool, typer.Option("--outline", help="Names and lines, not the code.")]
KindOption = Annotated[
    list[EdgeKind] | None, typer.Option("--kind", help="Only these ways; repeatable.")
]
ScopeCount = Annotated[int, typer.Option("--count", min=1, help="How many places at most.")]
CallerCount = Annotated[int, typer.Option("--count", min=1, help="How many lines at most.")]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to look."""

    engine: "Engine"
    branch: str


def show(
    path: PathArgument,
    *,
    swarm: SwarmOption = None,
    branch: BranchOption = None,
    landing: LandingOption = None,
    outline: OutlineOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the code at a dotted path, or what is in a package."""
    from orchestrator.queries import code  # noqa: PLC0415

    at = _place(swarm, branch)
    rows = code.show(at.engine, at.branch, landing, path)
    if as_json:
        _write_json(at, path, "found", [asdict(row) for row in rows])
    else:
        sys.stdout.write("\n".join(_shown(row, outline=outline) for row in rows))


def history(
    path: PathArgument,
    *,
    swarm: SwarmOption = None,
    branch: BranchOption = None,
    landing: LandingOption = None,
    diff: DiffOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the landings that changed some code, and who made them."""
    from orchestrator.queries.history import history as read  # noqa: PLC0415

    at = _place(swarm, branch)
    rows = read(at.engine, at.branch, landing, path)
    if as_json:
        _write_json(at, path, "landings", [_dated(asdict(row), "landed_at") for row in rows])
        return
    for row in rows:
        sys.stdout.write(_landing_line(row) + (_indented(row.diff) if diff else ""))


def lineage(
    path: PathArgument,
    *,
    swarm: SwarmOption = None,
    branch: BranchOption = None,
    landing: LandingOption = None,
    diff: DiffOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show how some code came from failing to passing.

    What landed and what was refused, which tests turned green, and the reasons.
    """
    from orchestrator.queries.lineage import lineage as read  # noqa: PLC0415

    at = _place(swarm, branch)
    rows = read(at.engine, at.branch, landing, path)
    if as_json:
        _write_json(at, path, "events", [_dated(asdict(row), "at") for row in rows])
        return
    for row in rows:
        sys.stdout.write(_event_lines(row) + (_indented(row.diff) if diff else ""))


def callers(  # noqa: PLR0913 - one parameter an option
    path: PathArgument,
    *,
    swarm: SwarmOption = None,
    branch: BranchOption = None,
    landing: LandingOption = None,
    kind: KindOption = None,
    count: CallerCount = 200,
    as_json: JsonOption = False,
) -> None:
    """Show who calls, inherits from, uses or imports some code.

    Found statically: a method called on an object of unknown class is not among them.
    """
    from orchestrator.queries.callers import callers as read  # noqa: PLC0415

    at = _place(swarm, branch)
    rows = read(at.engine, at.branch, landing, path, frozenset(kind or EdgeKind))
    if as_json:
        _write_json(at, path, "callers", [asdict(row) for row in rows])
        return
    sys.stdout.write(_caller_lines(rows[:count], path))
    if len(rows) > count:
        sys.stdout.write(f"and {len(rows) - count} more; see --count\n")


def hotspots(
    swarm: SwarmArgument = None, *, count: ScopeCount = 20, as_json: JsonOption = False
) -> None:
    """Show where in the code the attempts of a swarm went."""
    from orchestrator.launch.parts import connect  # noqa: PLC0415
    from orchestrator.queries import rollups  # noqa: PLC0415
    from orchestrator.queries.status import resolve  # noqa: PLC0415

    with connect(read_settings()).engine.begin() as connection:
        swarm_id = resolve(connection, swarm)
        rows = [asdict(row) for row in rollups.hotspots(connection, swarm_id, count)]
    if as_json:
        sys.stdout.write(json.dumps({"swarm_id": swarm_id, "scopes": rows}) + "\n")
    elif rows:
        cells = [(str(row["attempts"]), str(row["landed"]), row["scope"]) for row in rows]
        sys.stdout.write(_columns([("attempts", "landed", "scope"), *cells]))
    else:
        sys.stdout.write(f"no attempt of {swarm_id} went for any place yet\n")


def _place(swarm: str | None, branch: str | None) -> _Place:
    """Return the branch that is meant: the best one of a swarm, unless one is named."""
    from orchestrator.errors import UsageError  # noqa: PLC0415
    from orchestrator.launch.parts import connect  # noqa: PLC0415
    from orchestrator.queries.status import find_code_swarm  # noqa: PLC0415

    if swarm is not None and branch is not None:
        raise UsageError("--swarm and --branch both say where to look; leave one out")
    engine = connect(read_settings()).engine
    if branch is not None:
        return _Place(engine, branch)
    with engine.begin() as connection:
        return _Place(engine, find_code_swarm(connection, swarm).branch)


def _shown(row: "CodeRow", *, outline: bool) -> str:
    if row.kind == "package" or outline:
        lines = [(each.path, each.kind, _where(each)) for each in row.inside]
        return _columns(lines) if lines else f"nothing has a name in {row.path}\n"
    end = "" if row.text.endswith("\n") else "\n"
    return f"# {row.path}  {row.kind} in {_where(row)}\n{row.text}{end}"


def _where(row: Any) -> str:
    if row.last_line < row.first_line:
        return str(row.file)
    return f"{row.file}:{row.first_line}-{row.last_line}"


def _landing_line(row: "HistoryRow") -> str:
    note = f": {row.note}" if row.note else ""
    return f"landing {row.landing}  {_moment(row.landed_at)}  {_who(row)}{note}\n"


def _moment(at: datetime) -> str:
    """Return an instant in UTC: Postgres gives it in the time zone of the session."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def _who(row: Any) -> str:
    """Return who did something, with the turn, if a swarm knows it."""
    if row.agent_id is None:
        return getattr(row, "author", None) or "unknown"
    return f"{row.swarm_id}/{row.agent_id} turn {row.turn}"


def _event_lines(row: "LineageRow") -> str:
    what = f"landing {row.landing}" if row.landing is not None else "refused"
    who = "" if row.event == "imported" else f"  {_who(row)}"
    red = "" if row.red is None else f", {row.red} red"
    lines = [f"{_moment(row.at)}  {row.status:<7}  {what}{who}{red}: {row.reason}"]
    lines += [f"    turned green  {test}" for test in row.turned_green]
    lines += [f"    turned red    {test}" for test in row.turned_red]
    return "\n".join(lines) + "\n"


def _caller_lines(rows: Sequence["CallerRow"], path: str) -> str:
    if not rows:
        return f"nothing that could be followed uses {path}\n"
    lines = []
    for row in rows:
        numbers = ",".join(map(str, row.lines[:8])) + (",…" if len(row.lines) > 8 else "")
        what = "" if row.target == path else f"→ {row.target}"
        lines.append((row.kind, row.path, f"{row.file}:{numbers}".rstrip(":"), what))
    return _columns(lines)


def _columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows with each column as wide as its longest value."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    texts: Iterable[Iterable[str]] = (
        (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows
    )
    return "".join("  ".join(text).rstrip() + "\n" for text in texts)


def _indented(diff: str) -> str:
    return "".join(f"    {line}\n" for line in diff.split("\n") if diff)


def _dated(row: dict[str, Any], name: str) -> dict[str, Any]:
    moment: datetime = row[name]
    return row | {name: moment.isoformat()}


def _write_json(at: _Place, path: str, name: str, rows: list[dict[str, Any]]) -> None:
    sys.stdout.write(json.dumps({"branch": at.branch, "path": path, name: rows}) + "\n")
