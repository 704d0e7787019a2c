"""Commands that read the sums of a swarm: who got how far, and when."""

import json
import sys
from dataclasses import asdict
from datetime import UTC
from typing import Annotated, Any

import typer

from orchestrator.cli.stack import read_settings
from orchestrator.cli.swarm import JsonOption, SwarmArgument

AgentCount = Annotated[int, typer.Option("--count", min=1, help="How many agents at most.")]
MinuteCount = Annotated[int, typer.Option("--count", min=1, help="How many minutes at most.")]


def leaderboard(
    swarm: SwarmArgument = None, *, count: AgentCount = 20, as_json: JsonOption = False
) -> None:
    """Show which agents of a swarm landed most."""
    from orchestrator.queries import rollups  # noqa: PLC0415

    swarm_id, rows = _read(swarm, rollups.leaderboard, count)
    for row in rows:
        row["reported_at"] = row["reported_at"].isoformat()
    _write(swarm_id, "agents", rows, as_json=as_json)


def progress(
    swarm: SwarmArgument = None, *, count: MinuteCount = 60, as_json: JsonOption = False
) -> None:
    """Show what the agents of a swarm did, minute by minute."""
    from orchestrator.queries import rollups  # noqa: PLC0415

    swarm_id, rows = _read(swarm, rollups.progress, count)
    for row in rows:
        row["minute"] = f"{row['minute'].astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    _write(swarm_id, "minutes", rows, as_json=as_json)


def _read(swarm: str | None, query: Any, count: int) -> tuple[str, list[dict[str, Any]]]:
    from orchestrator.launch.parts import connect  # noqa: PLC0415
    from orchestrator.queries.status import resolve  # noqa: PLC0415

    with connect(read_settings()).engine.begin() as connection:
        swarm_id = resolve(connection, swarm)
        return swarm_id, [asdict(row) for row in query(connection, swarm_id, count)]


def _write(swarm_id: str, name: str, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        row["seconds"] = round(row["seconds"], 3)
    if as_json:
        sys.stdout.write(json.dumps({"swarm_id": swarm_id, name: rows}) + "\n")
    elif rows:
        sys.stdout.write(_table(rows))
    else:
        sys.stdout.write(f"no attempt of {swarm_id} was reported yet\n")


def _table(rows: list[dict[str, Any]]) -> str:
    """Return rows under their names, each column as wide as its longest value."""
    lines = [[name.replace("_", " ") for name in rows[0]]]
    lines += [[str(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = (
        [f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)] for line in lines
    )
    return "".join("  ".join(text).rstrip() + "\n" for text in texts)
