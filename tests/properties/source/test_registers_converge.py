"""Whatever the order, the batches and the repetitions: the same operations, the same tree."""

import random
import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from swarm_workers.source.refit import Stored, refit
from swarm_workers.source.registers import apply_operations, apply_to_edges
from swarm_workers.source.shape import HIDDEN, is_structure, shape_of
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import ROOT, Operation, Stamp
from tests.support.histories import History, deliveries, has_update_before_insert, history

PERMUTATIONS_EACH = 6


@dataclass
class KeptPlaces:
    """Nodes and where they are seen, kept up to date batch by batch as the database does."""

    stored: dict[NodeId, Stored] = field(default_factory=dict)

    def structure(self) -> dict[NodeId, Stored]:
        return self._those(lambda each: is_structure(each.node))

    def hidden(self) -> dict[NodeId, Stored]:
        return self._those(lambda each: not is_structure(each.node) and not each.place.file_id)

    def contents(self, file_ids: Collection[NodeId]) -> dict[NodeId, Stored]:
        return self._those(lambda each: each.place.file_id in file_ids)

    def some(self, node_ids: Collection[NodeId]) -> dict[NodeId, Stored]:
        return {each: self.stored[each] for each in node_ids if each in self.stored}

    def _those(self, condition) -> dict[NodeId, Stored]:
        return {node_id: each for node_id, each in self.stored.items() if condition(each)}

    def take(self, batch: list[Operation]) -> None:
        nodes = {node_id: each.node for node_id, each in self.stored.items()}
        after = apply_operations(nodes, batch)
        touched = {each: node for each, node in after.items() if nodes.get(each) is not node}
        fitted = refit(self, touched)
        for node_id in fitted.changed:
            place = fitted.shape.place(node_id)
            self.stored[node_id] = Stored(fitted.nodes[node_id], place)


def require_convergence(told: History, chance: random.Random, permutations: int) -> Counter[str]:
    """Deliver a history in many orders; return how many of them were of which kind."""
    operations = told.operations
    expected, edges = apply_operations({}, operations), apply_to_edges({}, operations)
    shape = shape_of(expected)
    places = {node_id: shape.places.get(node_id, HIDDEN) for node_id in expected}
    seen: Counter[str] = Counter()
    for _ in range(permutations):
        batches = deliveries(chance, operations)
        kept, kept_edges = KeptPlaces(), {}
        for batch in batches:
            kept.take(batch)
            kept_edges = apply_to_edges(kept_edges, batch)
        assert {node_id: each.node for node_id, each in kept.stored.items()} == expected
        assert {node_id: each.place for node_id, each in kept.stored.items()} == places
        assert kept_edges == edges
        again = shape_of({node_id: each.node for node_id, each in kept.stored.items()})
        assert (again.files, again.demoted) == (shape.files, shape.demoted)
        seen["update before insert"] += has_update_before_insert(batches)
        seen["permutations"] += 1
    return seen


def require_convergence_of(seeds: range) -> None:
    """Deliver histories in many orders, and see that they were hard enough to mean something."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        told = history(seed)
        seen += require_convergence(told, random.Random(seed), PERMUTATIONS_EACH)
        seen.update(told.peculiarities())
    assert seen["permutations"] == len(seeds) * PERMUTATIONS_EACH
    assert seen["update before insert"] >= 0.05 * seen["permutations"]
    least = 0.05 * len(seeds)
    hard = ("cycle", "delete/move race", "insert under deleted")
    weak = {name for name in hard if seen[name] < least}
    assert not weak, f"the histories are too tame: {seen}"


def test_any_order_batches_and_repetitions_give_the_same_nodes_and_tree() -> None:
    require_convergence_of(range(150))


@pytest.mark.soak
def test_a_hundred_thousand_orders_give_the_same_nodes_and_tree() -> None:
    require_convergence_of(range(10_000, 10_000 + 100_000 // PERMUTATIONS_EACH + 1))


def test_every_node_hangs_somewhere_once_and_nothing_hangs_on_itself() -> None:
    for seed in range(250):
        nodes = apply_operations({}, history(seed).operations)
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
    assert shape_of(apply_operations({}, [update])).files == {}
    assert shape_of(apply_operations({}, [update, insert])).files == {"b": node_id}


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
    shape = shape_of(apply_operations({}, inserts[::-1]))
    assert shape.files == {"a": first, f"a~{second}": second}
    assert shape.clashes == (("a", second),)
