"""Folders as they lie on a disk."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from swarm_workers.protocols import TreeFile
from swarm_workers.source.errors import SourceTooLargeError, UnreadableSourceError
from swarm_workers.source.folder import read_folder
from swarm_workers.source.tree_files import tree_digest


def git(root: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
    settings += ["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_a_plain_folder_is_read_without_what_tools_leave_behind(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "pkg/b.py", ".hidden", "pkg/__pycache__/b.pyc", "x.pyc", ".tox/x")
    write(tmp_path, "node_modules/m/index.js", ".venv/lib/x.py", "env/pyvenv.cfg", "env/lib/y.py")
    assert set(read_folder(tmp_path)) == {"a.py", "pkg/b.py", ".hidden"}


def test_a_repository_is_read_as_its_work_tree_is(tmp_path: Path) -> None:
    write(tmp_path, "kept.py", "changed.py", "gone.py", "ignored.log", "forced.log", "sub/new.py")
    (tmp_path / ".gitignore").write_text("*.log\n")
    git(tmp_path, "init")
    git(tmp_path, "add", "kept.py", "changed.py", "gone.py", ".gitignore")
    git(tmp_path, "add", "-f", "forced.log")
    git(tmp_path, "commit", "-m", "first")
    (tmp_path / "changed.py").write_text("other")
    (tmp_path / "gone.py").unlink()
    write(tmp_path, "__pycache__/kept.pyc", "env/pyvenv.cfg", "env/lib/x.py")
    tree = read_folder(tmp_path)
    assert set(tree) == {"kept.py", "changed.py", ".gitignore", "forced.log", "sub/new.py"}
    assert tree["changed.py"].data == b"other"
    assert set(read_folder(tmp_path / "sub")) == {"new.py"}


def test_a_submodule_and_a_nested_repository_are_read_too(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    for root in (inner, outer, outer / "nested"):
        write(root, "file.py")
        git(root, "init")
    for root in (inner, outer):
        git(root, "add", "file.py")
        git(root, "commit", "-m", "first")
    git(outer, "submodule", "add", str(inner), "module")
    found = set(read_folder(outer))
    assert found == {".gitmodules", "file.py", "module/file.py", "nested/file.py"}


def test_a_folder_that_an_outer_repository_ignores_is_read_as_a_plain_one(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / ".gitignore").write_text("out/\n")
    write(tmp_path, "out/a.py")
    assert set(read_folder(tmp_path / "out")) == {"a.py"}


def test_a_repository_cannot_have_a_program_run(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    git(tmp_path, "init")
    git(tmp_path, "config", "core.fsmonitor", "touch ran; false")
    assert set(read_folder(tmp_path)) == {"a.py"}
    assert not (tmp_path / "ran").exists()


def test_without_git_a_repository_is_a_plain_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.py")
    git(tmp_path, "init")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert set(read_folder(tmp_path)) == {"a.py"}


def test_links_stay_links_and_nothing_outside_is_read(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    write(outside, "secret.py")
    write(root, "real.py", "folder/x.py")
    (root / "to_file").symlink_to("real.py")
    (root / "to_folder").symlink_to(outside)
    (root / "to_nothing").symlink_to("nowhere")
    tree = read_folder(root)
    assert tree["to_folder"] == TreeFile(b"", link_target=str(outside))
    assert tree["to_nothing"] == TreeFile(b"", link_target="nowhere")
    assert set(tree) == {"real.py", "folder/x.py", "to_file", "to_folder", "to_nothing"}


def test_a_tracked_folder_replaced_by_a_link_is_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    write(outside, "x.py")
    write(root, "folder/x.py", "a.py")
    git(root, "init")
    git(root, "add", ".")
    (root / "folder" / "x.py").unlink()
    (root / "folder").rmdir()
    (root / "folder").symlink_to(outside)
    assert set(read_folder(root)) == {"a.py", "folder"}


def test_the_executable_bit_is_kept_and_pipes_and_sockets_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "run", "text")
    (tmp_path / "run").chmod(0o755)
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
        tree = read_folder(tmp_path)
    assert {path: file.is_executable for path, file in tree.items()} == {"run": True, "text": False}


def test_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    assert read_folder(tmp_path, bytes_max=4)
    with pytest.raises(SourceTooLargeError, match="more than 3 bytes"):
        read_folder(tmp_path, bytes_max=3)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSourceError, match="it is no folder"):
        read_folder(tmp_path / "missing")
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_bytes(b"")
    with pytest.raises(UnreadableSourceError, match=r"caf\\udce9.*not UTF-8"):
        read_folder(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["locked.py", "locked"])
def test_what_may_not_be_read_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, "locked.py")
    write(tmp_path, "locked/inner.py")
    (tmp_path / name).chmod(0)
    with pytest.raises(UnreadableSourceError, match=f"{re.escape(name)}': Permission denied"):
        read_folder(tmp_path)
    (tmp_path / name).chmod(0o700)


def test_a_digest_tells_paths_bytes_modes_and_links_apart() -> None:
    trees = [
        {},
        {"a": TreeFile(b"x")},
        {"b": TreeFile(b"x")},
        {"a": TreeFile(b"y")},
        {"a": TreeFile(b"x", is_executable=True)},
        {"a": TreeFile(b"", link_target="x")},
        {"a": TreeFile(b"x"), "b": TreeFile(b"")},
    ]
    assert len({tree_digest(tree) for tree in trees}) == len(trees)
