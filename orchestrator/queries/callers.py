"""Who uses a piece of code: from the edges that each landing keeps."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from orchestrator.queries.code import module_of, require_code, state_at
from swarm_workers.source import reading, scope
from swarm_workers.source.edges.stored import read_edges
from swarm_workers.source.lines import split_lines
from swarm_workers.source.lookup import FoundCode
from swarm_workers.source.reading import State
from swarm_workers.source.shape import Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind
from tasks_schema.messages.source import EdgeId

_ORDER = (EdgeKind.CALLS, EdgeKind.INHERITS, EdgeKind.USES, EdgeKind.IMPORTS)


@dataclass(frozen=True, slots=True)
class CallerRow:
    """One definition or module that uses another."""

    kind: str
    """How: `calls`, `inherits`, `uses` or `imports`."""
    path: str
    """Of the user, dotted."""
    file: str
    lines: tuple[int, ...]
    """Where in the user the name stands; may be empty if it is used by another name."""
    target: str
    """Of what is used, dotted: what was asked for, or something in it."""


def callers(
    engine: Engine, branch: str, landing: int | None, path: str, kinds: Collection[EdgeKind]
) -> list[CallerRow]:
    """Return who uses what stands at a dotted path, from elsewhere; calls first.

    Of a class or a module all that is in it counts too.

    Raises:
        UsageError: nothing stands there.
    """
    with engine.begin() as connection:
        state = state_at(connection, branch, landing)
        targets = _targets(require_code(connection, state, path))
        edges = read_edges(connection, state, "e.to_node = ANY(:ids)", targets.keys())
        found = [edge for edge in edges if edge.kind in kinds]
        users = _Users(connection, state, {edge.source for edge in found})
    rows = (_row(edge, users, targets[edge.target]) for edge in found)
    shown = [row for row in rows if row is not None and not _is_inside(row, path)]
    return sorted(shown, key=_rank)


def _rank(row: CallerRow) -> tuple[int, str, str]:
    return _ORDER.index(EdgeKind(row.kind)), row.path, row.target


def _is_inside(row: CallerRow, around: str) -> bool:
    """Say whether a user is part of what is asked about; what calls itself is its own caller."""
    return row.path.startswith(f"{around}.") or (row.path == around != row.target)


def _targets(found: Sequence[FoundCode]) -> dict[NodeId, str]:
    """Return the nodes that are asked about, with their dotted paths."""
    targets: dict[NodeId, str] = {}
    for code in found:
        targets[code.node_id] = code.dotted
        names = {
            node.node_id: f"{module_of(code)}.{name}"
            for name, node, _ in scope.named_nodes(code.shape, code.file_id)
        }
        for each in code.shape.beneath(code.node_id):
            if each.node_id in names:
                targets[each.node_id] = names[each.node_id]
    return targets


def _row(edge: EdgeId, users: "_Users", target: str) -> CallerRow | None:
    """Return the row of an edge; None if its start is not seen at this landing."""
    user = users.find(edge.source)
    if user is None:
        return None
    path, file = user
    lines = tuple(users.lines(edge.source, target.rpartition(".")[2]))
    return CallerRow(edge.kind.value, path, file, lines, target)


class _Users:
    """The files that use something, each read once."""

    def __init__(self, connection: Connection, state: State, node_ids: set[NodeId]) -> None:
        self._files = reading.read_file_ids(connection, state, node_ids)
        wanted = set(self._files.values())
        contents = reading.read_nodes(connection, state, file_ids=wanted, node_ids=wanted)
        self._shape: Shape = shape_of(contents)
        self._paths = {node_id: path for path, node_id in self._shape.files.items()}
        self._names: dict[NodeId, str] = {}
        self._owned: dict[NodeId, dict[NodeId, list[tuple[int, str]]]] = {}
        for file_id in wanted & self._paths.keys():
            self._names |= dict(self._named(file_id))

    def find(self, node_id: NodeId) -> tuple[str, str] | None:
        """Return the dotted path of a user, and its file."""
        file_id = self._files.get(node_id)
        if file_id is None or node_id not in self._names:
            return None
        return self._names[node_id], self._paths[file_id]

    def lines(self, node_id: NodeId, name: str) -> Iterator[int]:
        """Yield the lines of a user's own code, not of definitions in it, that hold a name."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        file_id = self._files[node_id]
        if file_id not in self._owned:
            self._owned[file_id] = self._by_owner(file_id)
        for first, text in self._owned[file_id].get(node_id, ()):
            for number, content in enumerate(split_lines(text), first):
                if word.search(content):
                    yield number

    def _named(self, file_id: NodeId) -> Iterator[tuple[NodeId, str]]:
        path = self._paths[file_id]
        module = scope.modules_of([path]).get(path, path)
        yield file_id, module
        for name, node, _ in scope.named_nodes(self._shape, file_id):
            yield node.node_id, f"{module}.{name}"

    def _by_owner(self, file_id: NodeId) -> dict[NodeId, list[tuple[int, str]]]:
        """Return first line and text of the nodes of a file, by the definition that they are in."""
        found: dict[NodeId, list[tuple[int, str]]] = {}
        owners: dict[NodeId, NodeId] = {file_id: file_id}
        line = 1
        for node in self._shape.beneath(file_id):
            is_scope = node.kind in scope.DEFINITIONS
            parent = node.parent if node.parent is not None else file_id
            owner = owners[node.node_id] = node.node_id if is_scope else owners.get(parent, file_id)
            line += scope.line_count(node.lead)
            found.setdefault(owner, []).append((line, node.text))
            line += scope.line_count(node.text)
        return found
