"""Finding code by its dotted path: `pkg.auth` is a file, `pkg.auth.Session.renew` a node in one.

By index, whatever the size of the tree: the files that a path may lie in are few and known by
name, and of these one is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from swarm_workers.source import reading, scope
from swarm_workers.source.loading import load_lines
from swarm_workers.source.reading import State
from swarm_workers.source.scope import LineRange, Scope
from swarm_workers.source.shape import Shape, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind

_ROOTS = ("", "src/")
"""Folders that packages lie in and that no dotted path names, as in `module_path`."""


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A file, or a named node in one, at one landing."""

    dotted: str
    kind: NodeKind
    node_id: NodeId
    file_id: NodeId
    file: str
    """Path of the file."""
    lines: LineRange
    """First and last, counted from 1; the last is less than the first if it is empty."""
    shape: Shape
    """The contents of the file."""
    own: str = ""
    """Its own lead and text; of a file empty."""

    @property
    def text(self) -> str:
        """Lead and text of it and of all beneath it."""
        beneath = self.shape.beneath(self.node_id)
        return self.own + "".join(each.lead + each.text for each in beneath)


def find_code(connection: Connection, state: State, dotted: str) -> tuple[FoundCode, ...]:
    """Return what a dotted path, or the path of a file, means; the longest module path counts.

    There may be several: overloads, or two folders with one package. Empty if there is none.
    """
    found = tuple(_files(connection, state, [dotted], dotted))
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        if found:
            return found
        module, rest = ".".join(parts[:count]), ".".join(parts[count:])
        files = list(_files(connection, state, _paths_of(parts[:count]), module))
        inside = (each for file in files for each in _inside(file, rest)) if rest else files
        found = tuple(inside)
    return found


def files_beneath(connection: Connection, state: State, dotted: str) -> dict[str, NodeId]:
    """Return the files of a package, by path: all that lies in its folder."""
    found: dict[str, NodeId] = {}
    folder = dotted.replace(".", "/")
    for root in _ROOTS:
        condition = "n.is_structure AND n.path LIKE :prefix AND n.kind <> 'dir'"
        query = state.select("n.node_id, n.path", condition)
        rows = connection.execute(query.bindparams(prefix=f"{_escaped(root + folder)}/%"))
        found |= {row.path: row.node_id for row in rows}
    return dict(sorted(found.items()))


def read_scope(connection: Connection, state: State, dotted: Sequence[str]) -> Scope:
    """Return the files that dotted paths mean, and which lines of each; see `paths_in_scope`."""
    files = shape_of(reading.read_nodes(connection, state)).files
    modules = scope.modules_of(files)
    found: list[Scope] = []
    for each in dotted:
        whole = scope.files_under(modules, each)
        found.append(dict.fromkeys(sorted(whole)))
        if not whole:
            inside = scope.enclosing_files(modules, each)
            found.append(load_lines(connection, state, files, inside))
    return scope.together(found)


def read_module_names(connection: Connection, state: State) -> tuple[str, ...]:
    """Return all dotted paths of a state, down to classes and functions, sorted."""
    structure = reading.read_nodes(connection, state)
    modules = scope.modules_of(shape_of(structure).files)
    shape = shape_of({**structure, **reading.read_definitions(connection, state)})
    names: set[str] = set()
    for path, module in modules.items():
        names |= {module} | set(scope.parents_of(module))
        names |= {f"{module}.{each}" for each in scope.names_in(shape, shape.files[path])}
    return tuple(sorted(names - {""}))


def _paths_of(parts: Sequence[str]) -> list[str]:
    module = "/".join(parts)
    return [f"{root}{module}{end}" for root in _ROOTS for end in (".py", "/__init__.py")]


def _files(
    connection: Connection, state: State, paths: Sequence[str], dotted: str
) -> Iterator[FoundCode]:
    query = state.select("n.node_id, n.path", "n.path = ANY(:paths) AND n.kind = 'file'")
    bound = query.bindparams(bindparam("paths", list(paths), type_=ARRAY(TEXT)))
    for row in sorted(connection.execute(bound), key=lambda row: row.path):
        nodes = reading.read_nodes(connection, state, file_ids=[row.node_id], with_structure=False)
        shape = shape_of(nodes)
        text = "".join(each.lead + each.text for each in shape.beneath(row.node_id))
        lines = (1, scope.line_count(text))
        file_id = NodeId(row.node_id)
        yield FoundCode(dotted, NodeKind.FILE, file_id, file_id, row.path, lines, shape)


def _inside(file: FoundCode, name: str) -> Iterator[FoundCode]:
    """Yield the nodes of a dotted name in a file."""
    for found, node, lines in scope.named_nodes(file.shape, file.file_id):
        if found == name and node.kind is not None:
            dotted = f"{file.dotted}.{name}"
            yield replace(
                file,
                dotted=dotted,
                kind=node.kind,
                node_id=node.node_id,
                lines=lines,
                own=node.lead + node.text,
            )


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
