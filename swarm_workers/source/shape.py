"""The tree that nodes form: who is under whom, in which file, under which path.

Pure: no I/O, no clock, no chance. A function of the registers alone, so that equal registers give
equal trees on every hub.

Cycles. Two hubs may each move a node under the other's. While there is a cycle, its node with the
greatest place stamp goes back under its birth parent; a node that went back and is in a cycle
still (malformed operations only) is lost. Every node goes back once at most, so this ends. Lost is
also what hangs on a kind that cannot hold it: folders hold folders, files and links, and these and
what is in them hold the rest. So no cycle leads through both.

Names. Two folders of one name are one folder to the reader. Of two files of one path the one born
first keeps it; the other is shown as `path~<id>`. One whose name was emptied is named `~<id>`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from swarm_workers.source.registers import Node, Nodes
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind
from tasks_schema.messages.source import LOST, ROOT, Stamp

_STRUCTURE = frozenset([NodeKind.DIR, NodeKind.FILE, NodeKind.LINK])
_FILES = frozenset([NodeKind.FILE, NodeKind.LINK])
_LEVEL_END = "!"
"""Ends each level of a sort key. Below all that positions are made of, so that a node comes before
its children, and these before its next sibling."""
_TIE = '"'


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is seen."""

    file_id: NodeId | None = None
    """The file that it hangs in, whether that is seen or not; itself for a file or a link."""
    sortkey: str | None = None
    """Sorts the nodes of one file as they are read; None outside of files."""
    path: str | None = None
    """Of a file or link that is seen."""


HIDDEN = Place()


@dataclass(frozen=True, slots=True)
class Shape:
    """The tree of some nodes."""

    children: dict[NodeId, list[Node]]
    """By parent, in order. Nodes that do not hang on the root are in here too."""
    places: dict[NodeId, Place]
    """Of files and links, and of all that hangs in a file."""
    files: dict[str, NodeId]
    """Files and links that are seen, by path."""
    folders: dict[str, NodeId]
    """Folders that are seen, by path; the root is the empty one. Of several the one born first."""
    seen: frozenset[NodeId]
    """Folders, files and links that hang on the root, and the root."""
    demoted: frozenset[NodeId]
    """Nodes that a cycle sent back to their birth parent."""
    clashes: tuple[tuple[str, NodeId], ...]
    """Paths that were taken, and the files that had to give way."""

    def place(self, node_id: NodeId) -> Place:
        """Return where the node is seen, `HIDDEN` if it is not."""
        return self.places.get(node_id, HIDDEN)

    def is_seen(self, node_id: NodeId) -> bool:
        """Say whether the node hangs on the root."""
        return node_id in self.seen or self.place(node_id).file_id in self.seen

    def beneath(self, node_id: NodeId) -> Iterator[Node]:
        """Yield all nodes under this one, in order, however deep they are."""
        waiting = list(reversed(self.children.get(node_id, ())))
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(self.children.get(node.node_id, ()))


def is_structure(node: Node) -> bool:
    """Say whether a node is a folder, a file or a link: what paths are made of."""
    return node.kind in _STRUCTURE


def shape_of(nodes: Nodes) -> Shape:
    """Return the tree of these nodes."""
    parents, demoted = _acyclic_parents(nodes)
    children: dict[NodeId, list[Node]] = {}
    for node_id, parent in parents.items():
        children.setdefault(parent, []).append(nodes[node_id])
    for siblings in children.values():
        siblings.sort(key=lambda node: (node.position, node.node_id))
    walk = _walk_folders(children)
    files, clashes = _name_files(walk.files)
    places = {node_id: Place(node_id, "", path) for path, node_id in files.items()}
    for node in nodes.values():
        if node.kind in _FILES:
            places.setdefault(node.node_id, Place(node.node_id, ""))
            _place_contents(node.node_id, children, places)
    seen = frozenset(walk.folder_ids) | frozenset(files.values())
    return Shape(children, places, files, walk.folders, seen, demoted, clashes)


def touched_files(before: tuple[Nodes, Shape], after: tuple[Nodes, Shape]) -> set[NodeId]:
    """Return the files in which any node differs between two states, or that lie elsewhere."""
    (old, old_shape), (new, new_shape) = before, after
    touched: set[NodeId | None] = set()
    for node_id in old.keys() | new.keys():
        nodes = old.get(node_id), new.get(node_id)
        places = old_shape.place(node_id), new_shape.place(node_id)
        # Nodes that no operation touched are the same object, so that most are not compared.
        if (nodes[0] is not nodes[1] and nodes[0] != nodes[1]) or places[0] != places[1]:
            touched |= {place.file_id for place in places}
    return {file_id for file_id in touched if file_id is not None}


def _acyclic_parents(nodes: Nodes) -> tuple[dict[NodeId, NodeId], frozenset[NodeId]]:
    parents = {
        node_id: _fitting(nodes, node, node.parent)
        for node_id, node in nodes.items()
        if node.kind is not None and node.parent is not None
    }
    demoted: set[NodeId] = set()
    while cycles := _cycles(parents):
        for cycle in cycles:
            standing = [node_id for node_id in cycle if node_id not in demoted]
            last = max(standing or cycle, key=lambda node_id: nodes[node_id].place)
            birth_parent = nodes[last].birth_parent
            if not standing or birth_parent is None:
                birth_parent = LOST
            parents[last] = _fitting(nodes, nodes[last], birth_parent)
            demoted.add(last)
    return parents, frozenset(demoted)


def _fitting(nodes: Nodes, node: Node, parent: NodeId) -> NodeId:
    """Return the parent that a node hangs on: none if it is of no kind that can hold it."""
    above = nodes.get(parent)
    if above is None or above.kind is None:
        return parent
    is_folder = above.kind is NodeKind.DIR
    return parent if is_folder is is_structure(node) else LOST


def _cycles(parents: dict[NodeId, NodeId]) -> list[list[NodeId]]:
    """Return the cycles. Each node has one parent, so that they share no node."""
    cycles: list[list[NodeId]] = []
    walked: set[NodeId] = set()
    for start in parents:
        trail: dict[NodeId, int] = {}
        at: NodeId | None = start
        while at is not None and at in parents and at not in walked:
            walked.add(at)
            trail[at] = len(trail)
            at = parents[at]
        if at is not None and at in trail:
            cycles.append(list(trail)[trail[at] :])
    return cycles


@dataclass(slots=True)
class _Walk:
    """What a walk from the root through the folders has met."""

    files: list[tuple[str, Node]] = field(default_factory=list)
    folders: dict[str, NodeId] = field(default_factory=lambda: {"": ROOT})
    folder_ids: set[NodeId] = field(default_factory=lambda: {ROOT})


def _walk_folders(children: dict[NodeId, list[Node]]) -> _Walk:
    walk = _Walk()
    waiting: list[tuple[str, NodeId]] = [("", ROOT)]
    while waiting:
        prefix, folder = waiting.pop()
        for node in sorted(children.get(folder, ()), key=_by_birth):
            path = prefix + (node.name or f"~{node.node_id}")
            if node.kind is NodeKind.DIR:
                walk.folders.setdefault(path, node.node_id)
                walk.folder_ids.add(node.node_id)
                waiting.append((f"{path}/", node.node_id))
            elif node.kind in _FILES:
                walk.files.append((path, node))
    return walk


def _by_birth(node: Node) -> tuple[Stamp, NodeId]:
    return node.birth, node.node_id


def _name_files(
    found: list[tuple[str, Node]],
) -> tuple[dict[str, NodeId], tuple[tuple[str, NodeId], ...]]:
    """Return the files by path, and those that had to give way to another file or to a folder."""
    folders = {path[:at] for path, _ in found for at, each in enumerate(path) if each == "/"}
    files: dict[str, NodeId] = {}
    clashes: list[tuple[str, NodeId]] = []
    for path, node in sorted(found, key=lambda item: _by_birth(item[1])):
        if path in files or path in folders:
            clashes.append((path, node.node_id))
            files[f"{path}~{node.node_id}"] = node.node_id
        else:
            files[path] = node.node_id
    return files, tuple(clashes)


def _place_contents(
    file_id: NodeId, children: dict[NodeId, list[Node]], places: dict[NodeId, Place]
) -> None:
    waiting = [(file_id, "")]
    while waiting:
        parent, prefix = waiting.pop()
        siblings = children.get(parent, ())
        seen = Counter(node.position for node in siblings)
        for node in siblings:
            is_tied = seen[node.position] > 1
            own = f"{node.position}{_TIE}{node.node_id.hex}" if is_tied else node.position
            sortkey = prefix + own + _LEVEL_END
            places[node.node_id] = Place(file_id, sortkey)
            if node.node_id in children:
                waiting.append((node.node_id, sortkey))
