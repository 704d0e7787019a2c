"""What a dotted path means in a tree: `pkg.auth`, or down to `pkg.auth.Session.renew`.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from swarm_workers.source.lines import split_lines
from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Shape
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind
from tasks_schema.messages.swarm import module_path

DEFINITIONS = frozenset([NodeKind.CLASS, NodeKind.DEF])

LineRange = tuple[int, int]
"""First and last line, both counted from 1 and both within."""
Scope = Mapping[str, tuple[LineRange, ...] | None]
"""Files by path, and the lines of each that are meant; None for all of them."""


def modules_of(paths: Iterable[str]) -> dict[str, str]:
    """Return the dotted path of each Python file, by its path."""
    return {path: module_path(PurePosixPath(path)) for path in paths if path.endswith(".py")}


def parents_of(module: str) -> list[str]:
    """Return the packages around a module: of `a.b.c` these are `a` and `a.b`."""
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def files_under(modules: Mapping[str, str], dotted: str) -> frozenset[str]:
    """Return the files of a module and of all modules beneath it."""
    return frozenset(
        path
        for path, module in modules.items()
        if module == dotted or module.startswith(f"{dotted}.")
    )


def enclosing_files(modules: Mapping[str, str], dotted: str) -> dict[str, str]:
    """Return the files in which the last parts of a dotted path may be names, and those parts.

    The longest module path counts: of `a.b.c` it is `a.b` before `a`.
    """
    parts = dotted.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:count])
        found = {path for path, each in modules.items() if each == module}
        if found:
            return dict.fromkeys(sorted(found), ".".join(parts[count:]))
    return {}


def lines_of(shape: Shape, file_id: NodeId, dotted: str) -> tuple[LineRange, ...]:
    """Return the lines of the classes and functions of this name in a file."""
    return tuple(lines for name, lines in _definitions(shape, file_id) if name == dotted)


def names_in(shape: Shape, file_id: NodeId) -> tuple[str, ...]:
    """Return the dotted names of the classes and functions in a file."""
    return tuple(dict.fromkeys(name for name, _ in _definitions(shape, file_id)))


def together(found: Collection[Scope]) -> Scope:
    """Return what several scopes mean together: a file that is meant as a whole stays whole."""
    joined: dict[str, tuple[LineRange, ...] | None] = {}
    for scope in found:
        for path, ranges in scope.items():
            before = joined.get(path, ())
            is_whole = ranges is None or before is None
            joined[path] = None if is_whole else tuple(sorted({*(before or ()), *(ranges or ())}))
    return joined


def named_nodes(shape: Shape, file_id: NodeId) -> Iterator[tuple[str, Node, LineRange]]:
    """Yield the named nodes of a file: dotted name, node, and its lines without its lead."""
    yield from _named(shape, file_id, "", 1)


def line_count(text: str) -> int:
    """Return how many lines a text has, a last one without an end among them."""
    return len(split_lines(text))


def _definitions(shape: Shape, file_id: NodeId) -> Iterator[tuple[str, LineRange]]:
    for name, node, lines in named_nodes(shape, file_id):
        if node.kind in DEFINITIONS:
            yield name, lines


def _named(
    shape: Shape, parent: NodeId, prefix: str, line: int
) -> Iterator[tuple[str, Node, LineRange]]:
    """Yield the named nodes beneath one whose children begin at a line."""
    for node in shape.children.get(parent, ()):
        start = line + line_count(node.lead)
        inside = start + line_count(node.text)
        beneath = (each.lead + each.text for each in shape.beneath(node.node_id))
        line = inside + line_count("".join(beneath))
        if node.name:
            name = f"{prefix}{node.name}"
            yield name, node, (start, line - 1)
            yield from _named(shape, node.node_id, f"{name}.", inside)
