"""Positions stay short, and nobody notices when they are given out anew."""

import random
from collections import Counter

from swarm_workers.protocols import TreeFile
from swarm_workers.source.merging import Side, rebase
from swarm_workers.source.positions import first_positions, positions_between
from swarm_workers.source.rekeying import POSITION_SIZE_MAX, rekey
from swarm_workers.source.shape import shape_of
from swarm_workers.source.tree_files import files_at
from tests.properties.source.test_positions_and_edits import edited, sources
from tests.support.source_trees import MemoryTree

SIZE_MAX = 28
"""Less than in earnest, so that it takes fewer edits to get there."""


def rekeyed(tree: MemoryTree, size_max: int = POSITION_SIZE_MAX) -> int:
    """Give out new positions wherever one is too long; return how many moves that took."""
    moves = rekey(shape_of(tree.nodes), tree.nodes.keys(), size_max)
    tree.apply(moves)
    return len(moves)


def test_a_gap_that_everybody_uses_grows_keys_that_are_cut_back_in_time() -> None:
    tree = MemoryTree.of({"f.py": "first = 1\nlast = 2\n"})
    lines = ["first = 1", "last = 2"]
    moves = 0
    for index in range(160):
        lines.insert(1 + index % 2, f"added_{index} = {index}")
        text = "\n".join(lines) + "\n"
        tree.apply(tree.propose({"f.py": TreeFile(text.encode())}))
        moves += rekeyed(tree, SIZE_MAX)
        assert max(len(node.position) for node in tree.nodes.values()) <= SIZE_MAX
        if index % 40 == 39:
            assert tree.files() == {"f.py": TreeFile(text.encode())}
    assert 0 < moves < 10 * 160


def test_new_positions_keep_the_order_and_every_byte() -> None:
    for source in sources():
        tree = MemoryTree()
        tree.apply(tree.propose({"f.py": TreeFile(source)}))
        assert rekeyed(tree) == 0
        chance = random.Random(1)
        for _ in range(3):
            tree.apply(tree.propose({"f.py": TreeFile(edited(chance, source))}))
        before = tree.files()
        rekeyed(tree, 2)
        assert tree.files() == before
        assert rekeyed(tree) == 0


def merged(base: Side, head: Side, tree: MemoryTree, ours: list) -> tuple[list, dict | None]:
    """Return what a rebase comes to: the files, or the kinds of its clashes."""
    rebased = rebase(base, head, ours)
    kinds = sorted((clash.kind, clash.node_id) for clash in rebased.clashes)
    after = head.after(rebased.operations)
    return kinds, files_at(after.nodes, after.shape, tree.blobs.__getitem__) if not kinds else None


def bytes_of(files: dict[str, TreeFile] | None) -> Counter[int]:
    """Return the bytes of a file in no order."""
    assert files is not None
    return Counter(files["f.py"].data)


def test_a_merge_onto_new_positions_says_the_same_as_onto_the_old_ones() -> None:
    clean = 0
    for seed, source in enumerate(list(sources()) * 4):
        chance = random.Random(seed)
        tree = MemoryTree()
        tree.apply(tree.propose({"f.py": TreeFile(source)}))
        base = Side.of(tree.nodes)
        ours = tree.propose({"f.py": TreeFile(edited(chance, source))})
        theirs = edited(chance, source) if seed % 3 else source
        tree.apply(tree.propose({"f.py": TreeFile(theirs)}))
        head = Side.of(tree.nodes)
        moves = rekey(head.shape, tree.nodes.keys(), 1)
        tree.apply(moves)
        old_kinds, old = merged(base, head, tree, ours)
        new_kinds, new = merged(base, Side.of(tree.nodes), tree, ours)
        assert new_kinds == old_kinds, seed
        if theirs == source:
            assert new == old, seed
        elif old is not None:  # of two runs in one gap either may come first
            assert bytes_of(new) == bytes_of(old), seed
        clean += old is not None
    assert clean > 10


def test_runs_put_into_a_gap_by_several_authors_never_interleave_after_new_keys() -> None:
    chance = random.Random(3)
    for _ in range(5_000):
        positions = first_positions(chance.randrange(2, 50))
        at = chance.randrange(len(positions) - 1)
        tags = [f"{chance.getrandbits(32):08x}" for _ in range(3)]
        left, right = positions[at], positions[at + 1]
        runs = {tag: positions_between(left, right, 4, tag) for tag in tags}
        every = sorted((each, tag) for tag in tags for each in runs[tag])
        owners = [tag for _, tag in every]
        assert all(len(set(owners[index : index + 4])) == 1 for index in range(0, 12, 4))
        assert all(left < each < right for each, _ in every)
