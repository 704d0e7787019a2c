"""How many operations an edit becomes: on modules of which two versions are installed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import unified_diff
from itertools import count
from uuid import UUID

from orchestrator.bench.report import Report
from orchestrator.bench.source.material import version_pairs
from orchestrator.bench.source.rounds import at_most
from swarm_workers.protocols import TreeFile
from swarm_workers.source.registers import Nodes, apply_operations
from swarm_workers.source.shape import shape_of
from swarm_workers.source.tree_diff import diff_tree
from swarm_workers.source.tree_files import file_at
from tasks_schema.ids import NodeId
from tasks_schema.messages.source import Operation, Stamp

OPERATIONS_PER_LINE_MAX = 0.6
_REPLACED_SHARE = 0.5
"""Of a file's lines: with more of them changed it was replaced, not edited."""


def measure_editing(*, pairs_max: int) -> Report:
    """Return how many operations a changed line takes. Blocks.

    Args:
        pairs_max: how many modules at most.
    """
    files = inexact = operations = lines = replaced = 0
    for path, before, after in version_pairs():
        if files == pairs_max:
            break
        changed = _changed_lines(before, after)
        if changed > _REPLACED_SHARE * (before.count(b"\n") + after.count(b"\n")):
            replaced += 1
            continue
        made, is_exact = _operations(path, before, after)
        files, operations, lines = files + 1, operations + made, lines + changed
        inexact += not is_exact
    row = {
        "of": "editing",
        "way": "two versions of packages",
        "files": files,
        "replaced_files_left_out": replaced,
        "changed_lines": lines,
        "operations": operations,
        "inexact_files": inexact,
    }
    if not lines:
        return Report((row | {"note": "no package is installed in two versions"},), ())
    figure = operations / lines
    name = "operations that an edit becomes"
    return Report((row,), (at_most(name, figure, OPERATIONS_PER_LINE_MAX, "a changed line"),))


def _operations(path: str, before: bytes, after: bytes) -> tuple[int, bool]:
    """Return how many operations an edit takes, and whether they give the new bytes."""
    ids = _ids()
    none: dict[str, bytes] = {}
    first = diff_tree({}, {path: TreeFile(before)}, ids.__next__, none.__getitem__)
    nodes: Nodes = apply_operations({}, _stamped(first, 1))
    made = diff_tree(nodes, {path: TreeFile(after)}, ids.__next__, none.__getitem__)
    edited = apply_operations(nodes, _stamped(made, 2))
    shape = shape_of(edited)
    file = file_at(edited[shape.files[path]], shape, none.__getitem__)
    return len(made), file.data == after


def _stamped(operations: Sequence[Operation], lamport: int) -> list[Operation]:
    return [
        replace(operation, stamp=Stamp(lamport, "bench", index))
        for index, operation in enumerate(operations, 1)
    ]


def _ids() -> Iterator[NodeId]:
    return (NodeId(UUID(int=number)) for number in count(1000))


def _changed_lines(before: bytes, after: bytes) -> int:
    """Return how many lines a diff removes and adds."""
    old, new = (text.decode(errors="replace").split("\n") for text in (before, after))
    marks = [line[:1] for line in unified_diff(old, new, n=0, lineterm="")][2:]
    return marks.count("+") + marks.count("-")
