"""Histories as several hubs write them that hear of each other only now and then.

Every operation is one that its hub could make from what it had seen: a hub alone makes no cycle,
inserts nothing under what it knows to be deleted, and changes nothing that it does not know. A few
are malformed in that they put a node where none of its kind belongs.
"""

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from swarm_workers.source.registers import Node, apply_operations
from swarm_workers.source.shape import shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import EdgeKind, NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, TRASH, EdgeId, Operation, Stamp

KINDS = [NodeKind.DIR, NodeKind.FILE, NodeKind.CLASS, NodeKind.STATEMENT]
PLAIN = {"format": "text", "encoding": "utf-8", "has_bom": False, "is_executable": False}
AUTHORS = ("b", "a", "Z", "\u00e9", "aa")
"""In the order of the bytes: Z, a, aa, b, é. No language sorts them so."""
_WEIGHTS = {
    OperationKind.NODE_INSERT: 2,
    OperationKind.NODE_UPDATE: 3,
    OperationKind.NODE_MOVE: 22,
    OperationKind.NODE_DELETE: 2,
    OperationKind.EDGE_INSERT: 2,
    OperationKind.EDGE_DELETE: 1,
}


@dataclass
class Hub:
    """A replica that writes operations and hears of others' in bits."""

    author: str
    seq: int = 0
    lamport: int = 0
    seen: set[Stamp] = field(default_factory=set)
    nodes: dict[NodeId, Node] = field(default_factory=dict)

    def hear(self, operations: Iterable[Operation]) -> None:
        new = [each for each in operations if each.stamp not in self.seen]
        self.seen |= {each.stamp for each in new}
        self.nodes = apply_operations(self.nodes, new)
        self.lamport = max([self.lamport, *(each.stamp.lamport for each in new)])

    def write(self, chance: random.Random) -> Operation:
        self.seq += 1
        operation = self._choose(chance, Stamp(self.lamport + 1, self.author, self.seq))
        self.hear([operation])
        return operation

    def _choose(self, chance: random.Random, stamp: Stamp) -> Operation:
        shape = shape_of(self.nodes)
        born = sorted(node_id for node_id, node in self.nodes.items() if node.kind is not None)
        gone = {each.node_id for each in shape.beneath(TRASH)}
        living = [each for each in born if each not in gone]
        position = f"a{chance.randrange(5)}"
        weights = _WEIGHTS | ({OperationKind.NODE_INSERT: 20} if len(born) < 8 else {})
        kind = chance.choices(list(weights), weights=list(weights.values()))[0]
        if kind is OperationKind.NODE_INSERT or not living:
            return self._insert(chance, living, position, stamp)
        node_id = chance.choice(living)
        if kind.is_of_edge:
            edge = EdgeId(node_id, chance.choice(living), chance.choice(list(EdgeKind)))
            return Operation(kind, node_id, edge=edge, stamp=stamp)
        if kind is OperationKind.NODE_UPDATE:
            register = chance.choice(["name", "lead", "text"])
            written = {register: f"v{stamp.lamport}{stamp.author}"}
            return Operation(kind, node_id, **written, stamp=stamp)
        if kind is OperationKind.NODE_DELETE:
            return Operation(kind, node_id, parent=TRASH, position="", stamp=stamp)
        node_id = chance.choice(born[:5])  # hubs meet at few nodes; out of the trash, too
        below = {node_id} | {each.node_id for each in shape.beneath(node_id)}
        kind = self.nodes[node_id].kind
        parent = self._parent(chance, kind, [each for each in living if each not in below])
        return Operation(
            OperationKind.NODE_MOVE, node_id, parent=parent, position=position, stamp=stamp
        )

    def _parent(self, chance: random.Random, kind: NodeKind | None, known: list[NodeId]) -> NodeId:
        """Return a parent for a node of this kind, seldom one that does not fit."""
        if chance.random() < 0.05:
            return chance.choice([ROOT, *known])
        if kind in (NodeKind.DIR, NodeKind.FILE):
            return chance.choice([ROOT, *(each for each in known if self._is_folder(each))])
        fitting = [each for each in known if not self._is_folder(each)]
        return chance.choice(fitting[:5] or [ROOT])

    def _is_folder(self, node_id: NodeId) -> bool:
        return self.nodes[node_id].kind is NodeKind.DIR

    def _insert(
        self, chance: random.Random, parents: list[NodeId], position: str, stamp: Stamp
    ) -> Operation:
        kind = chance.choices(KINDS, weights=[1, 1, 4, 6])[0]
        return Operation(
            OperationKind.NODE_INSERT,
            NodeId(uuid.UUID(int=chance.getrandbits(120))),
            kind,
            self._parent(chance, kind, parents),
            position,
            name=chance.choice("xyz"),
            lead="",
            text=f"{stamp.author}{stamp.author_seq}",
            meta=PLAIN if kind is NodeKind.FILE else {},
            stamp=stamp,
        )


@dataclass(frozen=True)
class History:
    """Operations, and what the hub of each had seen when it wrote it."""

    operations: list[Operation]
    before: dict[Stamp, frozenset[Stamp]]

    def are_concurrent(self, left: Operation, right: Operation) -> bool:
        is_seen = left.stamp in self.before[right.stamp] or right.stamp in self.before[left.stamp]
        return not is_seen

    def peculiarities(self) -> set[str]:
        """Return what makes this history a hard one."""
        found = set()
        deletes = [each for each in self.operations if each.kind is OperationKind.NODE_DELETE]
        for delete in deletes:
            for other in self.operations:
                if not self.are_concurrent(delete, other):
                    continue
                if other.kind is OperationKind.NODE_MOVE and other.node_id == delete.node_id:
                    found.add("delete/move race")
                if other.kind is OperationKind.NODE_INSERT and other.parent == delete.node_id:
                    found.add("insert under deleted")
        nodes = apply_operations({}, self.operations)
        if shape_of(nodes).demoted:
            found.add("cycle")
        return found


def history(seed: int, *, authors: tuple[str, ...] = AUTHORS, size_max: int = 60) -> History:
    """Return what several hubs wrote that heard of each other only now and then."""
    chance = random.Random(seed)
    hubs = [Hub(author) for author in authors[: chance.randrange(3, len(authors) + 1)]]
    written: list[Operation] = []
    before: dict[Stamp, frozenset[Stamp]] = {}
    for _ in range(chance.randrange(15, size_max)):
        hub, other = chance.sample(hubs, 2)
        if chance.random() < 0.2:
            hub.hear([each for each in written if each.stamp in other.seen])
        seen = frozenset(hub.seen)
        operation = hub.write(chance)
        before[operation.stamp] = seen
        written.append(operation)
    return History(written, before)


def deliveries(chance: random.Random, operations: list[Operation]) -> list[list[Operation]]:
    """Return operations in any order, some twice, cut into batches."""
    shuffled = operations + chance.choices(operations, k=len(operations) // 4)
    chance.shuffle(shuffled)
    batches = []
    while shuffled:
        size = chance.randrange(1, 12)
        batches.append(shuffled[:size])
        shuffled = shuffled[size:]
    return batches


def has_update_before_insert(batches: list[list[Operation]]) -> bool:
    """Say whether some operation arrives before the insert of its node."""
    born: set[NodeId] = set()
    for each in (operation for batch in batches for operation in batch):
        if each.kind is OperationKind.NODE_INSERT:
            born.add(each.node_id)
        elif each.node_id not in born and not each.kind.is_of_edge:
            return True
    return False
