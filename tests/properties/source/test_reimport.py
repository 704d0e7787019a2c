"""A file that comes back changed is a few operations on the nodes that it had.

`edits.patch` holds forty edits that were really made: versions of this project's own files of up to
150 lines, one after the other in its history, drawn by chance, none left out. They stand there with
all their lines, so that both versions can be read from it.
"""

import random
import shutil
import subprocess
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from swarm_workers.protocols import TreeFile
from tasks_schema.kinds import OperationKind
from tasks_schema.messages.source import Operation
from tests.properties.source.test_positions_and_edits import edited, sources
from tests.support.source_trees import MemoryTree

OPERATIONS_PER_LINE_MAX = 0.6
EDITS = Path(__file__).with_name("edits.patch")
ROOT = Path(__file__).resolve().parents[3]


def real_edits() -> Iterator[tuple[bytes, bytes]]:
    old: list[str] = []
    new: list[str] = []
    for line in EDITS.read_text().splitlines(keepends=True):
        if line.startswith(("--- ", "+++ ", "@@ ")):
            if old and new:
                yield "".join(old).encode(), "".join(new).encode()
                old, new = [], []
            continue
        if line[0] in " -":
            old.append(line[1:])
        if line[0] in " +":
            new.append(line[1:])
    yield "".join(old).encode(), "".join(new).encode()


def changed_lines(old: bytes, new: bytes) -> int:
    lines = [data.decode("latin-1").split("\n") for data in (old, new)]
    diff = unified_diff(*lines, n=0, lineterm="")
    return sum(line[0] in "+-" for line in list(diff)[2:])


def reimported(old: bytes, new: bytes) -> tuple[list[Operation], int]:
    """Return the operations of a re-import, checked to make the new bytes; and those of anew."""
    tree = MemoryTree()
    tree.apply(tree.propose({"f.py": TreeFile(old)}))
    before = len(tree.nodes)
    operations = tree.propose({"f.py": TreeFile(new)})
    tree.apply(operations)
    assert tree.files() == {"f.py": TreeFile(new)}
    again = tree.propose({"g.py": TreeFile(new)})
    return operations, before - 1 + len(again) - 1


def test_real_edits_take_few_operations_for_each_changed_line() -> None:
    edits = list(real_edits())
    assert len(edits) == 40
    operations = lines = anew = 0
    for old, new in edits:
        made, others = reimported(old, new)
        operations += len(made)
        lines += changed_lines(old, new)
        anew += others
    assert operations <= OPERATIONS_PER_LINE_MAX * lines, f"{operations} for {lines} lines"
    assert anew >= 8 * operations, f"{operations} instead of {anew}"


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_all_edits_of_this_history_take_few_operations_for_each_changed_line() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("the history of this repository is not here")
    operations = lines = 0
    for old, new in historic_edits():
        made, _ = reimported(old, new)
        operations += len(made)
        lines += changed_lines(old, new)
    assert lines > 1_000, "this is a shallow clone: fetch its history"
    assert operations <= OPERATIONS_PER_LINE_MAX * lines, f"{operations} for {lines} lines"


def historic_edits() -> Iterator[tuple[bytes, bytes]]:
    log = git("log", "--no-renames", "--diff-filter=M", "--raw", "--no-abbrev", "--format=")
    rows = {tuple(line.split()[2:]) for line in log.decode().splitlines() if line[:1] == ":"}
    for old, new, _, path in sorted(rows):
        if path.endswith(".py"):
            yield git("cat-file", "blob", old), git("cat-file", "blob", new)


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_thousands_of_edits_of_real_files_come_back_exactly() -> None:
    files = list(sources())
    for seed in range(6_000):
        chance = random.Random(seed)
        old = chance.choice(files)
        reimported(old, edited(chance, old))


MODULE = """import os


def first(a):
    b = a + 1
    return b


class Thing:
    def method(self):
        x = os.sep
        return x


def last():
    return None
"""


def kinds_of(old: str, new: str) -> list[OperationKind]:
    made, _ = reimported(old.encode(), new.encode())
    return sorted(each.kind for each in made)


def test_identity_survives_what_people_do() -> None:
    update, move = OperationKind.NODE_UPDATE, OperationKind.NODE_MOVE
    assert kinds_of(MODULE, MODULE.replace("first", "primary")) == [update]
    assert kinds_of(MODULE, MODULE.replace("b = a + 1", "b = a + 2")) == [update]
    assert kinds_of(MODULE, MODULE.replace("class Thing:", "class Thing(Base):")) == [update]
    assert kinds_of(MODULE, MODULE.replace("def last", "# why\ndef last")) == [update]
    swapped = "    return b\n    b = a + 1\n"
    assert kinds_of(MODULE, MODULE.replace("    b = a + 1\n    return b\n", swapped)) == [move]
    last = MODULE[MODULE.index("\n\ndef last") :]
    moved = MODULE.replace(last, "").replace("\n\ndef first", f"{last}\n\ndef first")
    assert kinds_of(MODULE, moved) == [move]
    inner = "".join(f"    {line}\n" for line in last.strip().splitlines())
    assert OperationKind.NODE_DELETE not in kinds_of(MODULE, MODULE.replace(last, f"\n{inner}"))


def test_a_file_keeps_its_nodes_when_it_is_renamed_and_edited_at_once() -> None:
    tree = MemoryTree.of({"old.py": MODULE, "other.py": "x = 1\n", "notes.txt": MODULE})
    changes = {"old.py": None, "pkg/new.py": MODULE.replace("a + 1", "a + 2"), "z.py": "y = 2\n"}
    files = {
        path: None if each is None else TreeFile(each.encode()) for path, each in changes.items()
    }
    made = tree.propose(files)
    tree.apply(made)
    assert set(tree.files()) == {"pkg/new.py", "other.py", "notes.txt", "z.py"}
    assert tree.files()["pkg/new.py"].data == changes["pkg/new.py"].encode()
    assert sorted(each.kind for each in made) == [
        "node_insert",  # the folder
        "node_insert",  # z.py
        "node_insert",  # its statement
        "node_move",
        "node_update",  # the name
        "node_update",  # the statement
    ]
    made = tree.propose({"notes.txt": None, "notes.py": TreeFile(MODULE.encode())})
    tree.apply(made)
    assert tree.files()["notes.py"].data == MODULE.encode()
    assert any(each.node_kind == "def" for each in made), "it is Python now, and taken apart so"
