"""Two sides that changed one tree, case by case."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from itertools import count
from uuid import UUID

from swarm_workers.protocols import TreeFile
from swarm_workers.source.merging import Side, changed_files, rebase
from swarm_workers.source.registers import apply_operations
from swarm_workers.source.tree_diff import diff_tree
from swarm_workers.source.values import ClashKind
from tasks_schema.ids import NodeId
from tasks_schema.kinds import OperationKind
from tasks_schema.messages.source import TRASH, Operation, Stamp

SOURCE = """import os


def one(a):
    total = a
    return total


def two(b):
    return b


class Three:
    limit = 3

    def method(self):
        return {
            "a": 1,
            "b": 2,
            "c": 3,
        }
"""
IDS = count(10_000)
BLOBS: dict[str, bytes] = {}
Files = Mapping[str, str | bytes | TreeFile | None]


def new_id() -> NodeId:
    return NodeId(UUID(int=next(IDS)))


def files(given: Files) -> dict[str, TreeFile | None]:
    found: dict[str, TreeFile | None] = {}
    for path, file in given.items():
        data = file.encode() if isinstance(file, str) else file
        found[path] = TreeFile(data) if isinstance(data, bytes) else data
    return found


def propose(side: Side, changes: Files) -> list[Operation]:
    operations = diff_tree(side.nodes, files(changes), new_id, BLOBS.__getitem__)
    blobs = [each.blob for each in operations if each.blob is not None]
    BLOBS.update({sha256(blob).hexdigest(): blob for blob in blobs})
    return list(operations)


def land(side: Side, operations: list[Operation]) -> Side:
    lamport = next(IDS)
    return Side.of(
        apply_operations(
            side.nodes,
            [
                replace(each, stamp=Stamp(lamport, "lane", lamport * 10**6 + index))
                for index, each in enumerate(operations)
            ],
        )
    )


def merged(base: Files, ours: Files, theirs: Files) -> dict[str, bytes | None] | list[ClashKind]:
    """Return what differs from the head, or the kinds of clashes."""
    empty = Side.of({})
    start = land(empty, propose(empty, base))
    head = land(start, propose(start, theirs))
    result = rebase(start, head, propose(start, ours))
    if result.clashes:
        return [clash.kind for clash in result.clashes]
    after = changed_files(head, head.after(result.operations), BLOBS.__getitem__)
    return {path: file.data if file else None for path, file in after.items()}


def edit(*pairs: tuple[str, str]) -> dict[str, str]:
    text = SOURCE
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {"a.py": text}


BASE = {"a.py": SOURCE}
SAME = [ClashKind.SAME_REGISTER]
GONE = [ClashKind.DELETED]
NAME = [ClashKind.SAME_NAME]


def test_neighbouring_statements_merge_where_lines_would_not() -> None:
    ours, theirs = ("total = a", "total = a + 1"), ("return total", "return -total")
    expected = edit(ours, theirs)["a.py"].encode()
    assert merged(BASE, edit(ours), edit(theirs)) == {"a.py": expected}


def test_lines_apart_in_one_statement_merge() -> None:
    ours, theirs = ('"a": 1', '"a": 10'), ('"c": 3', '"c": 30')
    expected = edit(ours, theirs)["a.py"].encode()
    assert merged(BASE, edit(ours), edit(theirs)) == {"a.py": expected}


def test_lines_that_touch_in_one_statement_clash() -> None:
    assert merged(BASE, edit(('"a": 1', '"a": 10')), edit(('"b": 2', '"b": 20'))) == SAME


def test_an_edit_of_what_the_head_deleted_clashes() -> None:
    deletion = edit(("def two(b):\n    return b\n\n\n", ""))
    change = edit(("return b", "return b + 1"))
    assert merged(BASE, change, deletion) == GONE
    assert merged(BASE, deletion, change) == GONE


def test_a_statement_put_into_what_the_head_deleted_clashes() -> None:
    deletion = edit(("def two(b):\n    return b\n\n\n", ""))
    change = edit(("return b", "b += 1\n    return b"))
    assert merged(BASE, change, deletion) == GONE
    assert merged(BASE, deletion, change) == GONE


def test_two_deletions_of_one_thing_are_one() -> None:
    deletion = edit(("def two(b):\n    return b\n\n\n", ""))
    assert merged(BASE, deletion, deletion) == {}
    assert merged(BASE, {"a.py": None}, {"a.py": None}) == {}


def test_a_file_that_one_side_deletes_and_the_other_edits_clashes() -> None:
    change = edit(("return b", "return b + 1"))
    assert merged(BASE, {"a.py": None}, change) == GONE
    assert merged(BASE, change, {"a.py": None}) == GONE


def test_two_new_files_of_one_name_clash_unless_they_are_equal() -> None:
    assert merged({}, {"p/x.py": "x = 1\n"}, {"p/x.py": "x = 2\n"}) == NAME
    assert merged({}, {"p/x.py": "x = 1\n"}, {"p/x.py": "x = 1\n"}) == {}
    assert merged({}, {"p/x.py": "x = 1\n"}, {"p/y.py": "y = 1\n"}) == {"p/x.py": b"x = 1\n"}


def test_a_file_where_the_other_side_makes_a_folder_clashes() -> None:
    assert merged({}, {"p": "x"}, {"p/y": "y"}) == NAME
    assert merged({}, {"p/y": "y"}, {"p": "x"}) == NAME


def test_two_new_functions_of_one_name_clash_unless_they_are_equal() -> None:
    def new(body: str) -> dict[str, str]:
        return edit(("class Three", f"def new():\n    return {body}\n\n\nclass Three"))

    assert merged(BASE, new("1"), new("2")) == NAME
    assert merged(BASE, new("1"), new("1")) == {}


def test_equal_statements_put_into_one_place_are_one() -> None:
    both = edit(("import os\n", "import os\nimport sys\n"))
    assert merged(BASE, both, both) == {}


def test_different_statements_put_into_one_place_are_both_kept() -> None:
    ours = edit(("import os\n", "import os\nimport sys\n"))
    theirs = edit(("import os\n", "import os\nimport re\n"))
    result = merged(BASE, ours, theirs)
    assert isinstance(result, dict)
    assert sorted((result["a.py"] or b"").splitlines()[:3]) == [
        b"import " + each for each in (b"os", b"re", b"sys")
    ]


def test_a_rename_and_an_edit_merge() -> None:
    change = edit(("return b", "return b + 1"))
    expected = change["a.py"].encode()
    rename = {"a.py": None, "b/c.py": SOURCE}
    assert merged(BASE, rename, change) == {"a.py": None, "b/c.py": expected}
    assert merged(BASE, change, rename) == {"b/c.py": expected}


def test_a_mode_and_an_edit_merge_and_links_and_blobs_never_do() -> None:
    executable = {"a.py": TreeFile(SOURCE.encode(), is_executable=True)}
    change = edit(("return b", "return b + 1"))
    assert merged(BASE, executable, change) == {"a.py": change["a.py"].encode()}
    assert merged({"x": b"\0a\n"}, {"x": b"\0b\n"}, {"x": b"\0c\n"}) == SAME
    links = [TreeFile(b"", link_target=target) for target in "abc"]
    assert merged({"x": links[0]}, {"x": links[1]}, {"x": links[2]}) == SAME


def test_a_file_that_one_side_turns_into_a_blob_clashes_with_edits() -> None:
    result = merged(BASE, {"a.py": b"\0"}, edit(("import os\n", "import os\nimport sys\n")))
    assert isinstance(result, list)
    assert ClashKind.SAME_REGISTER in result


def test_moves_that_would_make_a_cycle_clash() -> None:
    base = {"a/x": "x", "b/y": "y"}
    empty = Side.of({})
    start = land(empty, propose(empty, base))
    first, second = start.shape.folders["a"], start.shape.folders["b"]

    def move(node_id: NodeId, parent: NodeId) -> list[Operation]:
        return [Operation(OperationKind.NODE_MOVE, node_id, parent=parent, position="")]

    head = land(start, move(first, second))
    assert [each.kind for each in rebase(start, head, move(second, first)).clashes] == [
        ClashKind.CYCLE
    ]


def test_a_file_put_into_a_folder_that_the_head_deleted_is_not_lost() -> None:
    base = {"p/a.py": "x = 1\n"}
    assert merged(base, {"p/b.py": "y = 1\n"}, {"p/a.py": None}) == {"p/b.py": b"y = 1\n"}
    empty = Side.of({})
    start = land(empty, propose(empty, base))
    ours = propose(start, {"p/b.py": "y = 1\n"})
    gone = Operation(OperationKind.NODE_DELETE, start.shape.folders["p"], parent=TRASH, position="")
    head = land(start, [gone])
    (clash,) = rebase(start, head, ours).clashes
    assert (clash.kind, clash.node_id) == (ClashKind.DELETED, start.shape.folders["p"])


def test_two_files_renamed_to_one_name_clash() -> None:
    base = {"a.py": SOURCE, "b.py": "x = 1\n"}
    assert merged(base, {"a.py": None, "c.py": SOURCE}, {"b.py": None, "c.py": "x = 1\n"}) == NAME


def test_two_assignments_of_one_name_in_one_module_clash() -> None:
    def new(line: str, after: str) -> dict[str, str]:
        return edit((after, f"{after}{line}\n"))

    ours, theirs = new("LIMIT = 1", "import os\n"), new("LIMIT = 2", "    return b\n\n\n")
    assert merged(BASE, ours, theirs) == NAME


def test_a_clash_shows_what_was_and_what_both_made_of_it() -> None:
    empty = Side.of({})
    start = land(empty, propose(empty, BASE))
    head = land(start, propose(start, edit(("return b", "return b + 1"))))
    (clash,) = rebase(start, head, propose(start, edit(("return b", "return -b")))).clashes
    shown = (clash.path, clash.register, clash.base, clash.ours, clash.theirs)
    lines = (f"    return {value}\n" for value in ("b", "-b", "b + 1"))
    assert shown == ("a.py", "text", *lines)


def test_operations_put_on_top_of_others_win_whatever_their_stamps() -> None:
    empty = Side.of({})
    start = land(empty, propose(empty, BASE))
    first = start.after(propose(start, edit(("return b", "return b + 1"))))
    both = first.after(propose(first, edit(("return b", "return b + 2"))))
    file = changed_files(start, both, BLOBS.__getitem__)["a.py"]
    assert file is not None
    assert b"return b + 2" in file.data
