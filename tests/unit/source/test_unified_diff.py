"""Patches, as the real `git apply` takes them."""

import random
import subprocess
from pathlib import Path

import pytest

from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.folder import read_folder
from swarm_workers.source.unified_diff import DIFF_LINES_MAX, unified_diff

TEXT = b"".join(b"line %d\n" % number for number in range(40))
CASES: dict[str, tuple[TreeFile | None, TreeFile | None]] = {
    "one line": (TreeFile(TEXT), TreeFile(TEXT.replace(b"line 7\n", b"seven\n"))),
    "two hunks": (
        TreeFile(TEXT),
        TreeFile(TEXT.replace(b"line 3\n", b"").replace(b"line 30\n", b"a\nb\n")),
    ),
    "first and last line": (TreeFile(TEXT), TreeFile(b"new\n" + TEXT + b"end\n")),
    "new file": (None, TreeFile(TEXT)),
    "new empty file": (None, TreeFile(b"")),
    "new executable": (None, TreeFile(b"#!/bin/sh\n", is_executable=True)),
    "deleted file": (TreeFile(TEXT), None),
    "deleted empty file": (TreeFile(b""), None),
    "emptied": (TreeFile(TEXT), TreeFile(b"")),
    "filled": (TreeFile(b""), TreeFile(b"x")),
    "made executable": (TreeFile(TEXT), TreeFile(TEXT, is_executable=True)),
    "executable and changed": (TreeFile(TEXT, is_executable=True), TreeFile(b"x\n")),
    "line end lost": (TreeFile(b"a\nb\n"), TreeFile(b"a\nb")),
    "line end gained": (TreeFile(b"a\nb"), TreeFile(b"a\nb\n")),
    "no line end on both": (TreeFile(b"a\nb"), TreeFile(b"c\nb")),
    "CR LF": (TreeFile(b"a\r\nb\r\nc\r\n"), TreeFile(b"a\r\nB\r\nc\r\n")),
    "CR LF to LF": (TreeFile(b"a\r\nb\r\n"), TreeFile(b"a\nb\n")),
    "lone CR": (TreeFile(b"a\rb\n"), TreeFile(b"a\rc\rd\n")),
    "latin-1": (TreeFile(b"caf\xe9\n"), TreeFile(b"caf\xe9s\n")),
    "binary": (TreeFile(bytes(range(256)) * 3), TreeFile(bytes(range(255, -1, -1)))),
    "text to binary": (TreeFile(TEXT), TreeFile(b"\0")),
    "new binary": (None, TreeFile(b"\0" * 200)),
    "deleted binary": (TreeFile(b"\0\1\2"), None),
    "link": (TreeFile(b"", link_target="a"), TreeFile(b"", link_target="b c")),
    "new link": (None, TreeFile(b"", link_target="../elsewhere")),
    "file to link": (TreeFile(TEXT), TreeFile(b"", link_target="x")),
    "link to file": (TreeFile(b"", link_target="x"), TreeFile(TEXT)),
    "looks like a header": (TreeFile(b"-- a\n++ b\n"), TreeFile(b"++ b\n-- a\n@@ -1 +1 @@\n")),
}
NAMES = [
    "plain.txt",
    "deep/er/file",
    "with space",
    'quo"te\\',
    "tab\there",
    "caf\u00e9",
    "a b/c\nd",
]


def write(root: Path, tree: Tree) -> None:
    for path, file in tree.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link_target is not None:
            target.symlink_to(file.link_target)
        else:
            target.write_bytes(file.data)
            target.chmod(0o755 if file.is_executable else 0o644)


def applied(root: Path, before: Tree, patch: bytes) -> Tree:
    write(root, before)
    argv = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    done = subprocess.run(
        argv,
        cwd=root,
        input=patch,
        capture_output=True,
        check=False,
        timeout=30,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CEILING_DIRECTORIES": str(root.parent)},
    )
    assert done.returncode == 0, done.stderr.decode() + patch.decode(errors="replace")
    return read_folder(root)


@pytest.mark.parametrize("case", CASES)
def test_git_applies_a_patch_of_one_file(case: str, tmp_path: Path) -> None:
    before, after = ({"name.txt": file} if file else {} for file in CASES[case])
    assert applied(tmp_path, before, unified_diff(before, after)) == after


@pytest.mark.parametrize("name", NAMES)
def test_git_reads_any_name_of_a_file(name: str, tmp_path: Path) -> None:
    before = {name: TreeFile(b"a\n"), f"{name}.gone": TreeFile(b"b\n")}
    after = {name: TreeFile(b"b\n", is_executable=True), f"{name}.new": TreeFile(b"\0")}
    assert applied(tmp_path, before, unified_diff(before, after)) == after


def test_git_applies_a_patch_of_many_files_at_once(tmp_path: Path) -> None:
    pairs = {f"{index} {case}": pair for index, (case, pair) in enumerate(CASES.items())}
    before = {path: old for path, (old, _) in pairs.items() if old}
    after = {path: new for path, (_, new) in pairs.items() if new}
    assert applied(tmp_path, before, unified_diff(before, after)) == after


def test_equal_trees_make_an_empty_patch() -> None:
    tree = {"a": TreeFile(b"x"), "b": TreeFile(b"", link_target="a")}
    assert unified_diff(tree, dict(tree)) == b""


@pytest.mark.parametrize("seed", range(12))
def test_git_applies_patches_of_random_edits(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    lines = [b"%d" % chance.randrange(9) for _ in range(60)]
    changed = list(lines)
    changed[chance.randrange(60)] = b"always"
    for _ in range(chance.randrange(12)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randrange(3)] = [b"new"] * chance.randrange(3)
    before = {"f": TreeFile(b"\n".join(lines) + b"\n" * chance.randrange(2))}
    after = {"f": TreeFile(b"\n".join(changed) + b"\n" * chance.randrange(2))}
    assert applied(tmp_path, before, unified_diff(before, after)) == after


def test_a_rewritten_large_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    before = {"f": TreeFile(b"".join(b"a%d\n" % i for i in range(DIFF_LINES_MAX + 5)))}
    after = {"f": TreeFile(b"".join(b"b%d\n" % i for i in range(DIFF_LINES_MAX * 9)))}
    assert applied(tmp_path, before, unified_diff(before, after)) == after
