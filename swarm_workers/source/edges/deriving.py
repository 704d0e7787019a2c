"""The edges of a tree, and the operations that keep them true to it.

Edges follow from the code alone. They are written down with it, as operations of the same landing,
so that who uses what is read from an index, at any landing, on any hub.
"""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from swarm_workers.source.edges.concern import Change, Concern, change_of
from swarm_workers.source.edges.interface import interface_of
from swarm_workers.source.edges.layout import Layout
from swarm_workers.source.edges.names import ModuleNames
from swarm_workers.source.edges.resolving import Modules, Resolver
from swarm_workers.source.edges.walk import read_names
from swarm_workers.source.pieces import FileFormat
from swarm_workers.source.registers import Nodes
from swarm_workers.source.scope import modules_of, parents_of
from swarm_workers.source.shape import Shape, touched_files
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import EdgeId, Operation

_OWNERS = frozenset([NodeKind.CLASS, NodeKind.DEF])


class Stock(Protocol):
    """What is stored of the head, beyond the files that a landing touches."""

    def contents(self, file_id: NodeId) -> Shape:
        """Return the tree of one file."""
        ...

    def importers(self, file_ids: Collection[NodeId]) -> set[NodeId]:
        """Return the files that import any of these."""
        ...

    def mentioning(self, word: str) -> set[NodeId]:
        """Return the files whose text holds a word."""
        ...

    def saying(self, names: Collection[str], file_ids: Collection[NodeId]) -> set[NodeId]:
        """Return those of some files whose text holds any of these names, or a star import."""
        ...

    def edges_from(self, node_ids: Collection[NodeId]) -> set[EdgeId]:
        """Return the edges that start at any of these nodes."""
        ...


def edges_of_tree(nodes: Nodes, shape: Shape) -> frozenset[EdgeId]:
    """Return all edges of a tree whose contents are all loaded."""
    files = _python_files(nodes, shape)
    paths = {node_id: path for path, node_id in shape.files.items()}

    def read(module: str, file_id: NodeId) -> ModuleNames:
        return _names(shape, module, file_id, paths[file_id])

    modules = Modules(files, read)
    resolver = Resolver(modules)
    found: set[EdgeId] = set()
    for module, file_id in files.items():
        names = modules.names_of(module)
        assert names is not None, f"'{file_id}' is a module without names"
        found |= resolver.edges_of(names)
    return frozenset(found)


def insert_edges(edges: Iterable[EdgeId]) -> list[Operation]:
    """Return the operations that make edges be there."""
    return [Operation.of_edge(OperationKind.EDGE_INSERT, edge) for edge in sorted(edges)]


def difference(old: AbstractSet[EdgeId], new: AbstractSet[EdgeId]) -> list[Operation]:
    """Return the operations that make new edges of old ones."""
    gone = [Operation.of_edge(OperationKind.EDGE_DELETE, edge) for edge in sorted(old - new)]
    return gone + insert_edges(new - old)


def edge_changes(
    before: tuple[Nodes, Shape], after: tuple[Nodes, Shape], stock: Stock
) -> list[Operation]:
    """Return the operations that bring the edges from one state to the next.

    Args:
        before: all folders and files, and the contents of all files that differ.
        after: the same, as they are to be.
        stock: of the state before.
    """
    touched = touched_files(before, after)
    if not touched:
        return []
    old, new = (_Side.of(*each, touched, stock) for each in (before, after))
    return _Deriving(old, new, touched, stock).operations()


@dataclass(frozen=True, slots=True)
class _Side:
    """A state of which the touched files are loaded; all others are as in the stock."""

    shape: Shape
    loaded: set[NodeId]
    stock: Stock
    files: dict[str, NodeId]
    """Python files that are seen, by module."""
    modules: Modules

    @classmethod
    def of(cls, nodes: Nodes, shape: Shape, loaded: set[NodeId], stock: Stock) -> "_Side":
        paths = {node_id: path for path, node_id in shape.files.items()}
        files = _python_files(nodes, shape)

        def read(module: str, file_id: NodeId) -> ModuleNames:
            inner = shape if file_id in loaded else stock.contents(file_id)
            return _names(inner, module, file_id, paths[file_id])

        return cls(shape, loaded, stock, files, Modules(files, read))

    def owners(self, file_id: NodeId) -> set[NodeId]:
        """Return the nodes that edges from a file start at."""
        inner = self.shape if file_id in self.loaded else self.stock.contents(file_id)
        beneath = inner.beneath(file_id)
        return {file_id} | {each.node_id for each in beneath if each.kind in _OWNERS}


class _Deriving:
    """One landing's changes on their way to its edges."""

    def __init__(self, before: _Side, after: _Side, touched: set[NodeId], stock: Stock) -> None:
        self._sides = (before, after)
        self._after = after
        self._stock = stock
        old, new = (set(side.files.values()) for side in self._sides)
        self._own = (touched & (old | new)) | (old ^ new)
        """Files whose own edges may differ, whatever other files hold."""
        self._changes = self._compared()

    def operations(self) -> list[Operation]:
        if not self._own:
            return []
        concerned = self._own | self._concerned()
        owners = {
            owner for side in self._sides for each in concerned for owner in side.owners(each)
        }
        old, new = self._stock.edges_from(owners), self._found(concerned)
        return difference(old, new)

    def _compared(self) -> dict[str, Change]:
        """Return what changed of each module to the eyes of others."""
        before, after = self._sides
        packages = before.modules.packages ^ after.modules.packages
        changes = {path: Change(is_whole=True) for path in packages}
        for path in before.files.keys() | after.files.keys():
            file_id = after.files.get(path)
            if before.files.get(path) != file_id:
                changes[path] = Change(is_whole=True)
            elif file_id in self._own:
                old, new = (side.modules.names_of(path) for side in self._sides)
                assert old is not None, f"module '{path}' was there before"
                assert new is not None, f"module '{path}' is there"
                change = change_of(old, new)
                if change.is_whole or change.names:
                    changes[path] = change
        return changes

    def _concerned(self) -> set[NodeId]:
        """Return the files that import, by whatever way, what has changed."""
        concern = Concern(self._changes, *(side.modules for side in self._sides))
        modules = {file_id: path for path, file_id in self._after.files.items()}
        found: set[NodeId] = set()
        waiting = sorted(self._changes)
        while waiting:
            candidates = self._candidates(waiting) & modules.keys()
            waiting = []
            for file_id in sorted(candidates):
                path = modules[file_id]
                names = self._after.modules.names_of(path)
                assert names is not None, f"module '{path}' is there"
                if not concern.is_concerned(names):
                    continue
                found.add(file_id)
                passed = concern.passed_on(names, interface_of(names))
                if self._changes.get(path, Change()).take(passed):
                    self._changes.setdefault(path, passed)
                    waiting.append(path)
        return found

    def _candidates(self, paths: Iterable[str]) -> set[NodeId]:
        """Return the files that may import what changed of these modules.

        Whoever sees a name that changed says that name, or imports all there are with a star.
        """
        candidates = set(self._own)
        for path in paths:
            change = self._changes[path]
            above = parents_of(path)
            found = (side.files.get(each) for side in self._sides for each in [*above, path])
            around = {file_id for file_id in found if file_id is not None}
            importers = around | self._stock.importers(around)  # who imports itself has no edge
            if change.is_whole or not self._after.files.keys() >= set(above):
                # It was not there to be imported, or lies in a folder that no edge leads to.
                importers |= self._stock.mentioning(path.rpartition(".")[2])
            if change.is_whole:
                candidates |= importers | self._beneath(path)  # they may say `from . import`
            else:
                candidates |= self._stock.saying(change.names, importers)
        return candidates

    def _beneath(self, path: str) -> set[NodeId]:
        """Return the files of the modules in a package."""
        files = self._after.files.items()
        return {file_id for each, file_id in files if each.startswith(f"{path}.")}

    def _found(self, file_ids: Collection[NodeId]) -> set[EdgeId]:
        resolver = Resolver(self._after.modules)
        found: set[EdgeId] = set()
        for path, file_id in self._after.files.items():
            names = self._after.modules.names_of(path) if file_id in file_ids else None
            if names is not None:
                found |= resolver.edges_of(names)
        return found


def _python_files(nodes: Nodes, shape: Shape) -> dict[str, NodeId]:
    """Return the Python files by module; of two for one module the first path counts."""
    python = [
        path
        for path, file_id in shape.files.items()
        if nodes[file_id].meta.get("format") == FileFormat.PYTHON
    ]
    files: dict[str, NodeId] = {}
    for path, module in sorted(modules_of(python).items()):
        if module:
            files.setdefault(module, shape.files[path])
    return files


def _names(shape: Shape, module: str, file_id: NodeId, path: str) -> ModuleNames:
    is_package = path.rpartition("/")[2] == "__init__.py"
    return read_names(Layout.of(shape, file_id), module, is_package=is_package)
