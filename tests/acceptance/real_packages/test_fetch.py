import dataclasses
import hashlib
import io
import os
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.acceptance.real_packages.fetch import (
    CopiedFile,
    DigestMismatchError,
    Entry,
    Fix,
    IndexUnreachableError,
    PipClient,
    Release,
    UnexpectedLayoutError,
    UnknownPackageError,
    apply_fixes,
    find_entry,
    load_entries,
    main,
    prepare,
)


def archive(files: dict[str, str]) -> bytes:
    """Return a gzipped tar with these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


class ShelfClient:
    """An index of two archives, which are written down when they are asked for."""

    def __init__(self, shelf: dict[str, bytes]) -> None:
        self.shelf = shelf

    def download(self, release: Release, folder: Path) -> Path:
        path = folder / "archive.tar.gz"
        path.write_bytes(self.shelf[release.version])
        return path


OLD = {"thing-1.0/thing.py": "x = 1\n", "thing-1.0/test_thing.py": "old\n"}
NEW = {"thing-2.0/thing.py": "x = 2\n", "thing-2.0/test_thing.py": "new\n"}


def shelf_and_entry(old: dict[str, str], new: dict[str, str]) -> tuple[ShelfClient, Entry]:
    shelf = {"1.0": archive(old), "2.0": archive(new)}
    old_release, new_release = (
        Release("thing", version, hashlib.sha256(packed).hexdigest())
        for version, packed in shelf.items()
    )
    entry = dataclasses.replace(
        load_entries()[0],
        old=old_release,
        new=new_release,
        tests=(CopiedFile(Path("test_thing.py"), Path("tests/test_thing.py")),),
        fixes=(Fix("thing.py", "module", "constant", "x = 1", "x = 2"),),
    )
    return ShelfClient(shelf), entry


def test_the_old_release_is_laid_out_with_the_new_tests_in_it(tmp_path: Path) -> None:
    client, entry = shelf_and_entry(OLD, NEW)
    root = prepare(entry, tmp_path, client)
    assert (root / "thing.py").read_text() == "x = 1\n"
    assert (root / "tests/test_thing.py").read_text() == "new\n"
    assert (root / "test_thing.py").read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [root]


def test_preparing_again_replaces_what_was_left_there(tmp_path: Path) -> None:
    client, entry = shelf_and_entry(OLD, NEW)
    (prepare(entry, tmp_path, client) / "thing.py").write_text("spoilt")
    assert (prepare(entry, tmp_path, client) / "thing.py").read_text() == "x = 1\n"


def test_upstreams_edit_is_made_where_it_is_written(tmp_path: Path) -> None:
    client, entry = shelf_and_entry(OLD, NEW)
    root = prepare(entry, tmp_path, client)
    apply_fixes(entry, root)
    assert (root / "thing.py").read_text() == "x = 2\n"
    with pytest.raises(UnexpectedLayoutError, match=r"no such line in thing\.py"):
        apply_fixes(entry, root)


def test_another_archive_than_the_one_recorded_is_refused(tmp_path: Path) -> None:
    client, entry = shelf_and_entry(OLD, NEW)
    client.shelf["2.0"] = archive(OLD)
    with pytest.raises(DigestMismatchError, match=r"'thing==2\.0' does not have the digest"):
        prepare(entry, tmp_path, client)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_the_tests_is_refused(tmp_path: Path) -> None:
    client, entry = shelf_and_entry(OLD, {"thing-2.0/thing.py": ""})
    with pytest.raises(UnexpectedLayoutError, match=r"'thing==2\.0' has no file test_thing\.py"):
        prepare(entry, tmp_path, client)


def test_an_archive_that_reaches_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    client, entry = shelf_and_entry({"../../../../escaped.py": "x"}, NEW)
    with pytest.raises(UnexpectedLayoutError, match="reaches out to"):
        prepare(entry, tmp_path / "inside", client)
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_an_archive_of_several_folders_is_refused(tmp_path: Path) -> None:
    client, entry = shelf_and_entry({"a/x": "", "b/x": ""}, NEW)
    with pytest.raises(UnexpectedLayoutError, match="has 2 folders at its top"):
        prepare(entry, tmp_path, client)


def test_an_index_that_hands_out_nothing_is_named_as_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    release = find_entry("boltons").old
    with pytest.raises(IndexUnreachableError, match=r"'boltons==25\.0\.0' could not be fetched"):
        PipClient().download(release, tmp_path)


def test_an_unknown_package_is_answered_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnknownPackageError, match="there are boltons, python-intervals"):
        find_entry("bolton")
    assert main(["bolton", str(tmp_path)]) == 1
    assert "no package 'bolton'" in capsys.readouterr().err


@pytest.mark.parametrize("entry", load_entries(), ids=lambda entry: entry.name)
def test_an_entry_holds_what_the_acceptance_test_relies_on(entry: Entry) -> None:
    assert entry.role in ("main", "spare")
    assert entry.red
    assert entry.fixes
    assert all(len(release.sha256) == 64 for release in (entry.old, entry.new))
    assert all(fix.before != fix.after for fix in entry.fixes)
    tested = {str(test.target) for test in entry.tests}
    assert {name.split("::")[0] for name in entry.red} <= tested


def failed_tests(entry: Entry, root: Path) -> tuple[list[str], str]:
    """Return the tests that the success command reports as failed, and its last line."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*shlex.split(entry.success), "-p", "no:cacheprovider"],
        cwd=root,
        env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = done.stdout.splitlines()
    red = [line.split()[1] for line in lines if line.startswith("FAILED ")]
    assert bool(red) == (done.returncode != 0), done.stdout + done.stderr
    return red, lines[-1]


SPARES_SOAK = [
    pytest.param(entry, id=entry.name, marks=[pytest.mark.soak] if entry.role == "spare" else [])
    for entry in load_entries()
]


@pytest.mark.network
@pytest.mark.parametrize("entry", SPARES_SOAK)
def test_what_is_recorded_as_red_is_red_and_upstreams_edit_turns_all_green(
    entry: Entry, tmp_path: Path
) -> None:
    root = prepare(entry, tmp_path)
    red, last_line = failed_tests(entry, root)
    assert red == list(entry.red)
    assert f"{len(red)} failed, {entry.green_count} passed" in last_line
    apply_fixes(entry, root)
    red, last_line = failed_tests(entry, root)
    assert red == []
    assert f"{entry.green_count + len(entry.red)} passed" in last_line
