"""Live code by its dotted path: what stands there, and what is in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import Connection, Engine

from orchestrator.errors import UsageError
from swarm_workers.source import reading, scope
from swarm_workers.source.lookup import FoundCode, files_beneath, find_code
from swarm_workers.source.reading import State
from swarm_workers.source.store import SourceStore
from tasks_schema.kinds import NodeKind

_NEAR_COUNT = 4
_OUTLINED = frozenset([NodeKind.CLASS, NodeKind.DEF])


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One thing in a file or a package."""

    path: str
    """Dotted; of what is not Python, and of what has no module path, that of the file."""
    kind: str
    file: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What a dotted path means at one landing."""

    path: str
    kind: str
    node_id: str
    """Empty for a package that is only a folder."""
    file: str
    first_line: int
    last_line: int
    text: str
    inside: tuple[OutlineRow, ...]
    """Classes and functions in it; for a package its files."""


def state_at(connection: Connection, branch: str, landing: int | None) -> State:
    """Return a landing of a branch; None is the head."""
    return reading.state_of(connection, branch, landing)


def require_code(connection: Connection, state: State, path: str) -> tuple[FoundCode, ...]:
    """Return what a dotted path means; at least one thing.

    Raises:
        UsageError: it means nothing; names that are near are offered.
    """
    found = find_code(connection, state, path)
    if found:
        return found
    branch, number = state.levels[0]
    raise UsageError(
        f"there is no '{path}' at landing {number}{_near(connection.engine, branch, number, path)}"
    )


def show(engine: Engine, branch: str, landing: int | None, path: str) -> tuple[CodeRow, ...]:
    """Return what stands at a dotted path; a package's files if it is one.

    Raises:
        UsageError: nothing stands there.
    """
    with engine.begin() as connection:
        state = state_at(connection, branch, landing)
        package = _package(connection, state, path)
        if package is not None:
            return (package,)
        found = require_code(connection, state, path)
    return tuple(_row(each) for each in found)


def _package(connection: Connection, state: State, path: str) -> CodeRow | None:
    """Return the package of this path, if it is one."""
    files = files_beneath(connection, state, path)
    if not files:
        return None
    modules = scope.modules_of(files)
    rows = tuple(OutlineRow(modules.get(file, file), "file", file, 1, 0) for file in files)
    return CodeRow(path, "package", "", "", 1, 0, "", rows)


def _row(found: FoundCode) -> CodeRow:
    first, last = found.lines
    return CodeRow(
        path=found.dotted,
        kind=found.kind.value,
        node_id=str(found.node_id),
        file=found.file,
        first_line=first,
        last_line=last,
        text=found.text,
        inside=tuple(_inside(found)),
    )


def _inside(found: FoundCode) -> Iterator[OutlineRow]:
    is_file = found.kind is NodeKind.FILE
    prefix = "" if is_file else f"{found.dotted.removeprefix(module_of(found))}."[1:]
    for name, node, (first, last) in scope.named_nodes(found.shape, found.file_id):
        if name.startswith(prefix) and node.kind in _OUTLINED:
            yield OutlineRow(f"{module_of(found)}.{name}", node.kind.value, found.file, first, last)


def module_of(found: FoundCode) -> str:
    """Return the dotted path of the module that something is in; of other files their path."""
    return scope.modules_of([found.file]).get(found.file, found.file)


def _near(engine: Engine, branch: object, number: int, path: str) -> str:
    names: Sequence[str] = SourceStore(engine).module_names(str(branch), number)
    near = get_close_matches(path, names, n=_NEAR_COUNT, cutoff=0.5)
    last = path.rpartition(".")[2]
    near += [name for name in names if name.rpartition(".")[2] == last and name not in near]
    offered = ", ".join(f"'{name}'" for name in near[:_NEAR_COUNT])
    if offered:
        return f"; did you mean {offered}?"
    top = sorted({name.partition(".")[0] for name in names})[:_NEAR_COUNT]
    return f"; there is {', '.join(top)}" if top else "; no file there is Python"
