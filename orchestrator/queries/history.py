"""What became of a piece of code, landing by landing: from the versions that nodes have had."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from orchestrator.queries.code import require_code, state_at
from swarm_workers.source.lines import split_lines
from swarm_workers.source.reading import State
from tasks_schema.ids import NodeId

_UUIDS = ARRAY(UUID(as_uuid=True))
_OWN = text(
    """
    SELECT DISTINCT file_id FROM nodes WHERE branch_id = :branch AND node_id = ANY(:nodes)
        AND landing_from <= :landing AND file_id IS NOT NULL
    """
).bindparams(bindparam("nodes", type_=_UUIDS))
_VERSIONS = text(
    """
    SELECT node_id, parent, landing_from, landing_to, sortkey, lead, text FROM nodes
    WHERE branch_id = :branch AND (file_id = ANY(:files) OR node_id = ANY(:known))
        AND landing_from <= :landing
    """
).bindparams(bindparam("files", type_=_UUIDS), bindparam("known", type_=_UUIDS))
_LANDINGS = text(
    """
    SELECT l.branch_id, l.number, l.attempt_id, l.author, l.note, l.landed_at, l.exit_status,
        a.swarm_id, a.agent_id, a.turn
    FROM landings l LEFT JOIN attempts a USING (attempt_id)
    WHERE l.branch_id = :branch AND l.number = ANY(:numbers)
    """
)


@dataclass(frozen=True, slots=True)
class Version:
    """A node as it was from one landing of one branch until another."""

    level: int
    """0 for the branch asked about, 1 for the one it was forked from, …"""
    node_id: NodeId
    parent: NodeId | None
    landing_from: int
    landing_to: int
    """The landing that replaced it, or the first one that is of no interest."""
    sortkey: str
    text: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One landing that changed a piece of code."""

    branch: str
    landing: int
    landed_at: datetime
    author: str
    note: str
    exit_status: int | None
    attempt_id: str | None
    swarm_id: str | None
    """None for imports, and for what no swarm did."""
    agent_id: str | None
    turn: int | None
    diff: str
    """Unified, of the piece alone; of the first landing all of it."""


@dataclass(frozen=True, slots=True)
class Past:
    """All that there is to know of the past of some nodes."""

    state: State
    roots: tuple[NodeId, ...]
    node_ids: frozenset[NodeId]
    """The roots, and all that ever hung beneath them."""
    versions: tuple[Version, ...]


def history(engine: Engine, branch: str, landing: int | None, path: str) -> list[HistoryRow]:
    """Return the landings that changed what stands at a dotted path, the oldest first.

    Raises:
        UsageError: nothing stands there.
    """
    with engine.begin() as connection:
        return list(rows_of(connection, past_of(connection, branch, landing, path)))


def past_of(connection: Connection, branch: str, landing: int | None, path: str) -> Past:
    """Return the versions of what stands at a dotted path and of all that ever hung beneath it.

    Reads what was ever in the files that it was ever in, and nothing else.

    Raises:
        UsageError: nothing stands there.
    """
    state = state_at(connection, branch, landing)
    roots = tuple(each.node_id for each in require_code(connection, state, path))
    files: set[NodeId] = set()
    for level, last in state.levels:
        where = {"branch": level, "landing": last, "nodes": list(roots)}
        files |= {row.file_id for row in connection.execute(_OWN, where)}
    every = _versions(connection, state, files)
    beneath = _beneath(every, roots)
    known = tuple(each for each in every if each.node_id in beneath)
    return Past(state, roots, beneath, known)


def _versions(connection: Connection, state: State, files: Collection[NodeId]) -> list[Version]:
    """Return the versions of all nodes that were ever in some files, those elsewhere among them.

    On a fork nothing but a row of its own ends a version of the branch behind it, and that row is
    in no file if the node was deleted, in another if it was moved. So the branches are read from
    the one farthest back, and each nearer one for all nodes that are known by then.
    """
    every: list[Version] = []
    for level, (branch, landing) in reversed(list(enumerate(state.levels))):
        known = {each.node_id for each in every}
        where = {"branch": branch, "landing": landing, "files": list(files), "known": list(known)}
        every += (_version(row, level, landing) for row in connection.execute(_VERSIONS, where))
    return every


def rows_of(connection: Connection, past: Past) -> Iterator[HistoryRow]:
    """Yield the landings that changed a piece of code, the oldest first."""
    before = ""
    for level in range(len(past.state.levels) - 1, -1, -1):
        branch = past.state.levels[level][0]
        numbers = _numbers(past, level)
        found = connection.execute(_LANDINGS, {"branch": branch, "numbers": numbers})
        landings = {row.number: row for row in found}
        for number in numbers:
            after = text_at(past, level, number)
            if after != before and number in landings:
                yield _row(landings[number], before, after)
                before = after


def text_at(past: Past, level: int, number: int) -> str:
    """Return what the piece was at a landing of the branch at this level."""
    seen: set[NodeId] = set()
    alive: list[Version] = []
    for depth in range(level, len(past.state.levels)):
        at = number if depth == level else past.state.levels[depth][1]
        known = [
            each
            for each in past.versions
            if each.level == depth and each.landing_from <= at and each.node_id not in seen
        ]
        alive += (each for each in known if at < each.landing_to)
        seen |= {each.node_id for each in known}
    beneath = _beneath(alive, past.roots)  # what hung elsewhere by then is left out
    own = (each for each in alive if each.node_id in beneath)
    return "".join(each.text for each in sorted(own, key=lambda each: each.sortkey))


def _numbers(past: Past, level: int) -> list[int]:
    """Return the landings of one branch at which any version began or ended."""
    last = past.state.levels[level][1]
    every = (each for each in past.versions if each.level == level)
    numbers = {number for each in every for number in (each.landing_from, each.landing_to)}
    return sorted(number for number in numbers if number <= last)


def _version(row: Row[Any], level: int, last: int) -> Version:
    until = row.landing_to if row.landing_to is not None else last + 1
    return Version(
        level,
        NodeId(row.node_id),
        row.parent,
        row.landing_from,
        until,
        row.sortkey or "",
        row.lead + row.text,
    )


def _beneath(versions: Iterable[Version], roots: Sequence[NodeId]) -> frozenset[NodeId]:
    children: dict[NodeId | None, set[NodeId]] = {}
    for each in versions:
        children.setdefault(each.parent, set()).add(each.node_id)
    found = set(roots)
    waiting = list(roots)
    while waiting:
        new = children.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return frozenset(found)


def _row(landing: Row[Any], before: str, after: str) -> HistoryRow:
    diff = unified_diff(_lines(before), _lines(after), lineterm="", n=2)
    attempt_id: uuid.UUID | None = landing.attempt_id
    return HistoryRow(
        branch=str(landing.branch_id),
        landing=landing.number,
        landed_at=landing.landed_at,
        author=landing.agent_id or landing.author,
        note=landing.note,
        exit_status=landing.exit_status,
        attempt_id=None if attempt_id is None else str(attempt_id),
        swarm_id=landing.swarm_id,
        agent_id=landing.agent_id,
        turn=landing.turn,
        diff="\n".join(list(diff)[2:]),
    )


def _lines(code: str) -> list[str]:
    return [line.rstrip("\r\n") for line in split_lines(code)]
