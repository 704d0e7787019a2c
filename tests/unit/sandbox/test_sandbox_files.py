"""A tree packed and unpacked, and what is wiped between jobs."""

import os
from pathlib import Path

import pytest

from swarm_workers.protocols import TreeFile
from swarm_workers.sandbox.bundle import pack
from swarm_workers.sandbox.inside import unpack, wipe


def unpacked(tree: dict[str, TreeFile], root: Path, skip: str | None = None) -> None:
    fd = pack(tree)
    try:
        unpack.unpack(fd, str(root), skip)
    finally:
        os.close(fd)


def test_a_tree_comes_out_as_it_went_in(tmp_path: Path) -> None:
    tree = {
        "a/b/c.bin": TreeFile(bytes(range(256))),
        "run": TreeFile(b"#!/bin/sh\n", is_executable=True),
        "empty": TreeFile(b""),
        "ünï \n code": TreeFile(b"x"),
        "a/link": TreeFile(b"", link_target="b/c.bin"),
    }
    unpacked(tree, tmp_path)
    assert (tmp_path / "a/b/c.bin").read_bytes() == bytes(range(256))
    assert (tmp_path / "a/link").readlink() == Path("b/c.bin")
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "empty").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "ünï \n code").read_bytes() == b"x"


def test_the_bound_environment_is_left_out(tmp_path: Path) -> None:
    unpacked({".venv/x": TreeFile(b"x"), ".venvy": TreeFile(b"y")}, tmp_path, ".venv")
    assert [entry.name for entry in tmp_path.iterdir()] == [".venvy"]


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x"])
def test_a_path_that_leaves_the_root_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leaves the repository"):
        unpacked({path: TreeFile(b"x")}, tmp_path)


def test_wiping_spares_what_is_kept_and_follows_no_link(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    for folder in (outside, root / "env/kept/lib", root / "env/other", root / "shut/deep/deeper"):
        folder.mkdir(parents=True)
    (outside / "precious").write_text("x")
    (root / "link").symlink_to(outside)
    (root / "shut/deep/link").symlink_to(outside)
    (root / "env/other/file").write_text("x")
    (root / "shut/deep").chmod(0)
    (root / "shut").chmod(0o500)
    wipe.empty(str(root), {str(root / "env/kept")})
    assert [str(p.relative_to(root)) for p in sorted(root.rglob("*"))] == [
        "env",
        "env/kept",
        "env/kept/lib",
    ]
    assert (outside / "precious").exists()


def test_reports_are_looked_for_boundedly(tmp_path: Path) -> None:
    report = "<testsuites><testsuite/></testsuites>"
    for folder in ("", "a/b/c", "a/b/c/too-deep", "skipped"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "r.xml").write_text(report)
    (tmp_path / "other.xml").write_text("<project/>")
    (tmp_path / "old.xml").write_text(report)
    os.utime(tmp_path / "old.xml", (1, 1))
    (tmp_path / "link.xml").symlink_to(tmp_path / "r.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    assert wipe.find_xml_reports(str(tmp_path), "skipped", since=1_000) == [report, report]
