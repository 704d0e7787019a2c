"""Whatever the order, the batches and the repetitions: the same operations, the same tree."""

import random
import uuid
from collections import Counter

from swarm_workers.source.registers import Node, apply_operations, rebuild
from swarm_workers.source.shape import shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, TRASH, Operation, Stamp

KINDS = [NodeKind.DIR, NodeKind.FILE, NodeKind.CLASS, NodeKind.STATEMENT]


class Hub:
    """A replica that writes operations and hears of others' in bits."""

    def __init__(self, author: str) -> None:
        self.author = author
        self.seen: list[Operation] = []
        self.seq = 0

    def write(self, chance: random.Random, node_ids: list[NodeId]) -> Operation:
        nodes = rebuild(self.seen)
        lamport = max((each.stamp.lamport for each in self.seen), default=0) + 1
        self.seq += 1
        operation = self._choose(chance, nodes, node_ids, Stamp(lamport, self.author, self.seq))
        self.seen.append(operation)
        return operation

    def _choose(
        self,
        chance: random.Random,
        nodes: dict[NodeId, Node],
        node_ids: list[NodeId],
        stamp: Stamp,
    ) -> Operation:
        born = [node_id for node_id, node in sorted(nodes.items()) if node.kind is not None]
        parent = chance.choice([ROOT, *born])
        position = f"a{chance.randrange(5)}"
        inserts = 6 if len(born) < 5 else 1  # few nodes, so that hubs meet at the same ones
        kind = chance.choices(list(OperationKind), weights=[inserts, 2, 9, 1])[0]
        if kind is OperationKind.NODE_INSERT or not born:
            node_id = NodeId(uuid.UUID(int=chance.getrandbits(120)))
            node_ids.append(node_id)
            return Operation(
                OperationKind.NODE_INSERT,
                node_id,
                chance.choice(KINDS),
                parent,
                position,
                name=chance.choice("xyz"),
                lead="",
                text=str(stamp),
                meta={},
                stamp=stamp,
            )
        node_id = chance.choice(born)
        if kind is OperationKind.NODE_UPDATE:
            register = chance.choice(["name", "lead", "text"])
            return Operation(kind, node_id, **{register: f"{stamp}"}, stamp=stamp)
        if kind is OperationKind.NODE_DELETE:
            return Operation(kind, node_id, parent=TRASH, position="", stamp=stamp)
        below = {node_id} | {each.node_id for each in shape_of(nodes).beneath(node_id)}
        free = [each for each in born if each not in below]  # alone, no hub makes a cycle
        parent = chance.choice(free or [ROOT])
        return Operation(kind, node_id, parent=parent, position=position, stamp=stamp)


def history(seed: int) -> list[Operation]:
    """Return what several hubs wrote that heard of each other only now and then."""
    chance = random.Random(seed)
    hubs = [Hub(author) for author in ("b", "a", "Z", "\u00e9")[: chance.randrange(2, 5)]]
    node_ids: list[NodeId] = []
    written: list[Operation] = []
    for _ in range(chance.randrange(5, 50)):
        hub, other = chance.sample(hubs, 2)
        if chance.random() < 0.3:
            known = {each.stamp for each in hub.seen}
            hub.seen += [each for each in other.seen if each.stamp not in known]
        written.append(hub.write(chance, node_ids))
    return written


def test_any_order_batches_and_repetitions_give_the_same_nodes_and_tree() -> None:
    seen: Counter[str] = Counter()
    for seed in range(250):
        operations = history(seed)
        chance = random.Random(seed)
        expected = rebuild(operations)
        tree = shape_of(expected)
        for _ in range(6):
            shuffled = operations + chance.choices(operations, k=len(operations) // 4)
            chance.shuffle(shuffled)
            nodes: dict[NodeId, Node] = {}
            while shuffled:
                size = chance.randrange(1, 9)
                nodes = apply_operations(nodes, shuffled[:size])
                shuffled = shuffled[size:]
            assert nodes == expected
            again = shape_of(nodes)
            assert (again.places, again.files, again.demoted) == (
                tree.places,
                tree.files,
                tree.demoted,
            )
        seen.update(peculiarities(operations, tree.demoted))
    weak = {name for name in ("cycle", "deleted and changed", "under deleted") if seen[name] < 12}
    assert not weak, f"the histories are too tame: {seen}"


def peculiarities(operations: list[Operation], demoted: frozenset[NodeId]) -> set[str]:
    found = {"cycle"} if demoted else set()
    deleted = {each.node_id for each in operations if each.kind is OperationKind.NODE_DELETE}
    for each in operations:
        if each.node_id in deleted and each.kind is OperationKind.NODE_UPDATE:
            found.add("deleted and changed")
        if each.parent in deleted and each.kind is OperationKind.NODE_INSERT:
            found.add("under deleted")
    return found


def test_every_node_hangs_somewhere_once_and_nothing_hangs_on_itself() -> None:
    for seed in range(250):
        nodes = rebuild(history(seed))
        shape = shape_of(nodes)
        hung = Counter(each.node_id for siblings in shape.children.values() for each in siblings)
        assert set(hung) == {each for each, node in nodes.items() if node.kind is not None}
        assert set(hung.values()) <= {1}
        for node_id in nodes:
            assert node_id not in {each.node_id for each in shape.beneath(node_id)}


def test_an_update_that_arrives_before_its_insert_is_kept_and_hidden() -> None:
    node_id = NodeId(uuid.UUID(int=99))
    update = Operation(OperationKind.NODE_UPDATE, node_id, name="b", stamp=Stamp(2, "a", 2))
    insert = Operation(
        OperationKind.NODE_INSERT,
        node_id,
        NodeKind.FILE,
        ROOT,
        "",
        "a",
        "",
        "",
        {},
        stamp=Stamp(1, "a", 1),
    )
    assert shape_of(rebuild([update])).files == {}
    assert shape_of(rebuild([update, insert])).files == {"b": node_id}


def test_of_two_files_of_one_path_the_one_born_first_keeps_it() -> None:
    first, second = NodeId(uuid.UUID(int=98)), NodeId(uuid.UUID(int=97))
    inserts = [
        Operation(
            OperationKind.NODE_INSERT,
            node_id,
            NodeKind.FILE,
            ROOT,
            "",
            "a",
            "",
            "",
            {},
            stamp=Stamp(lamport, "a", lamport),
        )
        for lamport, node_id in ((1, first), (2, second))
    ]
    shape = shape_of(rebuild(inserts[::-1]))
    assert shape.files == {"a": first, f"a~{second}": second}
    assert shape.clashes == (("a", second),)
