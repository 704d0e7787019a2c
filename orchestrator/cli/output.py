"""Swarms as text and as JSON."""

import json
from typing import Any

from orchestrator.queries.status import SwarmRow, TestCounts
from tasks_schema.messages.task import CodeTask


def as_dict(row: SwarmRow) -> dict[str, Any]:
    """Return what every command's JSON says of a swarm."""
    return {
        "swarm_id": row.spec.swarm_id,
        "status": row.status.value,
        "reason": row.reason,
        "tests_before": _counts(row.tests_before),
        "tests_after": _counts(row.tests_after),
        "attempts": row.attempts,
        "candidates": row.candidates,
        "landings": len(row.landings),
        "seconds": round(row.seconds, 3),
    }


def result(row: SwarmRow, patch: str, *, as_json: bool) -> str:
    """Return how a launch ended, with the patch."""
    if as_json:
        return json.dumps(as_dict(row) | {"patch": patch}) + "\n"
    return detail(row, as_json=False) + (f"\n{patch}" if patch else "")


def detail(row: SwarmRow, *, as_json: bool) -> str:
    """Return all about one swarm."""
    if as_json:
        return json.dumps(as_dict(row)) + "\n"
    lines = [
        f"{row.spec.swarm_id} {row.status.value}" + (f": {row.reason}" if row.reason else ""),
        f"  task      {row.spec.task.description}",
        *_of_code(row),
        f"  effort    {row.attempts} attempts, {row.candidates} candidates, {row.seconds:.1f} s",
    ]
    lines += [f"  landing {each.number} by {each.author}: {each.note}" for each in row.landings]
    return "\n".join(lines) + "\n"


def _of_code(row: SwarmRow) -> list[str]:
    """Return what is said of a swarm on code alone."""
    if not isinstance(row.spec.task, CodeTask):
        return [f"  problem   {row.spec.task.problem}, {row.spec.task.iterations} turns an agent"]
    return [
        f"  success   {row.spec.task.success}",
        f"  tests     {_span(row.tests_before)} before, {_span(row.tests_after)} after",
    ]


def table(rows: list[SwarmRow], *, as_json: bool) -> str:
    """Return one line a swarm, newest first."""
    if as_json:
        return json.dumps({"swarms": [as_dict(row) for row in rows]}) + "\n"
    if not rows:
        return "no swarm was launched yet; see `swarm launch --help`\n"
    width = max(len(row.spec.swarm_id) for row in rows)
    return "".join(
        f"{row.spec.swarm_id:<{width}}  {row.status.value:<9}  {_standing(row)}"
        f"  {row.seconds:8.1f} s  {row.spec.task.description}\n"
        for row in rows
    )


def _standing(row: SwarmRow) -> str:
    """Return how far a swarm is, in two columns of one width."""
    if isinstance(row.spec.task, CodeTask):
        return f"{_span(row.tests_after):<16}  {len(row.landings)} landings"
    turns = row.spec.agents * row.spec.task.iterations
    return f"{f'{row.attempts} of {turns} turns':<28}"


def _counts(counts: TestCounts | None) -> dict[str, int] | None:
    return None if counts is None else {"passed": counts.passed, "failed": counts.failed}


def _span(counts: TestCounts | None) -> str:
    if counts is None:
        return "not measured"
    return f"{counts.passed} of {counts.passed + counts.failed} green"
