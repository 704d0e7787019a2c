"""The benchmark of the source store, on little of everything: each bar is judged, on real rows."""

import json
from pathlib import Path

import pytest

from orchestrator.bench.source.material import library_tree, version_pairs
from orchestrator.bench.source.measure import Size, measure
from orchestrator.bench.source.rounds import in_turns

TINY = Size(
    rounds=1,
    nodes=1500,
    landings=2,
    attempts=5000,
    lines=2000,
    libcst_lines=300,
    pairs=3,
    pushed_nodes=1500,
    writers=2,
    crowd_rounds=1,
    crowd_seconds=0.3,
)
BARS = {
    "decompose, beside bare tree-sitter",
    "operations that an edit becomes",
    "one file",
    "oldest landing, beside the head",
    "fork of a branch",
    "push of 1,000, beside raw COPY into the log",
    "push of 1,000, beside single INSERTs into the log",
    "push of 10 by one function, beside single statements",
    "2 lanes, beside one author",
    "leaderboard from the sums, beside an indexed scan",
}
WITH_PEERS = {"decompose, beside LibCST", "head checkout, beside git"}


@pytest.mark.slow
def test_every_bar_is_judged_and_what_is_compared_is_equal(database: str, tmp_path: Path) -> None:
    steps: list[str] = []
    report = measure(TINY, lambda name, _done, _total: steps.append(name), database)
    report.write(tmp_path / "report.json")
    written = json.loads((tmp_path / "report.json").read_text())
    names = {bar["name"] for bar in written["bars"]}
    assert BARS <= names <= BARS | WITH_PEERS
    assert {row["of"] for row in written["rows"]} == set(steps)
    for row in written["rows"]:
        assert row.get("is_exact", True), row
        assert row.get("is_equal", True), row
        assert not row.get("inexact_files"), row


def test_ways_take_turns_and_the_first_round_does_not_count() -> None:
    called: list[str] = []
    ways = {"a": lambda: called.append("a"), "b": lambda: called.append("b")}
    taken = in_turns(ways, 3, before=lambda: called.append("-"))
    assert "".join(called) == "-a-b" * 4
    assert {name: len(seconds) for name, seconds in taken.seconds.items()} == {"a": 3, "b": 3}


def test_the_material_is_what_is_installed_here() -> None:
    tree = library_tree(1000)
    assert sum(file.data.count(b"\n") for file in tree.values()) >= 3000
    for path, before, after in version_pairs():
        assert before != after, path
