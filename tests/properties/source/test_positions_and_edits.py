"""Positions keep order; the operations of an edit make just that edit."""

import random
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_workers.protocols import TreeFile
from swarm_workers.source.lines import split_lines
from swarm_workers.source.merging import Side, rebase
from swarm_workers.source.positions import first_positions, positions_between
from swarm_workers.source.registers import Node, apply_operations
from swarm_workers.source.shape import shape_of
from swarm_workers.source.text_merge import merge_texts
from swarm_workers.source.tree_diff import diff_tree
from swarm_workers.source.tree_files import files_at
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation, Stamp

PLACES = st.lists(
    st.tuples(st.sampled_from(["start", "end", "any"]), st.integers(0, 999), st.integers(1, 70)),
    max_size=60,
)
TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\r\n"]), max_size=9).map("".join)


@settings(max_examples=200)
@given(st.integers(0, 70), PLACES)
def test_positions_stand_where_they_were_put(
    first: int, places: list[tuple[str, int, int]]
) -> None:
    positions = first_positions(first)
    for index, (where, number, size) in enumerate(places):
        at = {"start": 0, "end": len(positions), "any": number % (len(positions) + 1)}[where]
        left = positions[at - 1] if at else None
        right = positions[at] if at < len(positions) else None
        positions[at:at] = positions_between(left, right, size, f"t{index}")
    assert positions == sorted(set(positions))


def test_runs_put_into_one_place_by_several_agents_never_interleave() -> None:
    chance = random.Random(5)
    for _ in range(500):
        old = first_positions(chance.randrange(1, 100))
        at = chance.randrange(len(old))
        right = old[at + 1] if at + 1 < len(old) else None
        tags = [f"{chance.getrandbits(32):08x}" for _ in range(3)]
        runs = {tag: positions_between(old[at], right, 5, tag) for tag in tags}
        owners = [tag for _, tag in sorted((each, tag) for tag in tags for each in runs[tag])]
        assert [owners[at] for at in range(0, 15, 5)] == sorted(set(tags))
        assert all(len(set(owners[at : at + 5])) == 1 for at in range(0, 15, 5))


def test_positions_stay_short_where_things_are_appended() -> None:
    positions = first_positions(1)
    for index in range(2_000):
        positions += positions_between(positions[-1], None, 1, f"{index:08x}")
    assert len(positions[-1]) <= 24


class Book:
    """A tree kept in memory, and the operations on it stamped as a lane would."""

    def __init__(self) -> None:
        self.nodes: dict[NodeId, Node] = {}
        self.blobs: dict[str, bytes] = {}
        self._ids = count(1000)
        self._lamports = count(1)

    def new_id(self) -> NodeId:
        return NodeId(UUID(int=next(self._ids)))

    def propose(self, changes: dict[str, TreeFile | None]) -> list[Operation]:
        operations = diff_tree(self.nodes, changes, self.new_id, self.blobs.__getitem__)
        for each in operations:
            if each.blob is not None:
                self.blobs[sha256(each.blob).hexdigest()] = each.blob
        return list(operations)

    def apply(self, operations: list[Operation]) -> None:
        lamport = next(self._lamports)
        stamped = [
            replace(each, stamp=Stamp(lamport, "lane", lamport * 10**6 + index))
            for index, each in enumerate(operations)
        ]
        self.nodes = apply_operations(self.nodes, stamped)

    def tree(self) -> dict[str, TreeFile]:
        return files_at(self.nodes, shape_of(self.nodes), self.blobs.__getitem__)


def edited(chance: random.Random, data: bytes) -> bytes:
    """Return a file after edits of the kinds that people make, and some that nobody makes."""
    lines = data.split(b"\n")
    for _ in range(chance.randrange(1, 5)):
        at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                del lines[at : at + chance.randrange(1, 6)]
            case 1:
                lines.insert(at, b"    added = %d" % chance.randrange(9))
            case 2:
                lines[at] += b" + 1"
            case 3:
                taken = lines[at : at + 30]
                del lines[at : at + 30]
                lines[to:to] = taken
            case _:
                lines[at:at] = lines[to : to + 12]
        lines = lines or [b""]
    return b"\n".join(lines)


def sources() -> Iterator[bytes]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.glob("*.py"))[:25]:
        yield path.read_bytes()[:8000]


def test_the_operations_of_an_edit_make_just_that_edit() -> None:
    chance = random.Random(6)
    sizes = []
    for source in sources():
        book = Book()
        book.apply(book.propose({"f.py": TreeFile(source)}))
        for _ in range(16):
            new = edited(chance, book.tree()["f.py"].data)
            operations = book.propose({"f.py": TreeFile(new)})
            sizes.append(len(operations))
            book.apply(operations)
            assert book.tree() == {"f.py": TreeFile(new)}
    assert sorted(sizes)[len(sizes) // 2] <= 12


def test_no_edit_makes_no_operations() -> None:
    book = Book()
    tree = {f"{index}.py": TreeFile(source) for index, source in enumerate(sources())}
    book.apply(book.propose(dict(tree)))
    assert book.propose(dict(tree)) == []


def test_merging_onto_the_base_changes_nothing_and_merging_apart_keeps_both() -> None:
    chance = random.Random(7)
    clean = 0
    for source in sources():
        book = Book()
        book.apply(book.propose({"f.py": TreeFile(source)}))
        base = Side.of(book.nodes)
        ours = book.propose({"f.py": TreeFile(edited(chance, source))})
        assert rebase(base, base, ours).operations == ours
        theirs = book.propose({"f.py": TreeFile(edited(chance, source)), "g.py": TreeFile(b"x\n")})
        book.apply(theirs)
        head = Side.of(book.nodes)
        rebased = rebase(base, head, ours)
        if not rebased.clashes:
            clean += 1
            merged = head.after(rebased.operations)
            tree = files_at(merged.nodes, merged.shape, book.blobs.__getitem__)
            assert tree["g.py"] == TreeFile(b"x\n")
            again = rebase(base, merged, ours)
            assert again.clashes == []
            assert again.operations == []
    assert clean >= 5


@settings(max_examples=400)
@given(TEXTS, TEXTS, TEXTS)
def test_a_text_merge_is_even_handed_and_trivial_where_it_should_be(
    base: str, ours: str, theirs: str
) -> None:
    assert merge_texts(base, ours, theirs) == merge_texts(base, theirs, ours)
    assert merge_texts(base, ours, base) == ours
    assert merge_texts(base, base, theirs) == theirs
    assert merge_texts(base, ours, ours) == ours
    merged = merge_texts(base, ours, theirs)
    if merged is not None:
        assert set(split_lines(merged)) <= set(split_lines(ours + theirs + base))
