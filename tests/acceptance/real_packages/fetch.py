"""Fetches released packages with known bugs, and lays them out to be worked on.

`prepare` returns a folder: the old release as it was published, with the new release's tests in it.
Nothing is taken on trust: both archives must have the digest that `packages.toml` records, and pip
is told so before it looks into them (it asks an archive's own build system for its metadata).

From a shell: `python tests/acceptance/real_packages/fetch.py boltons /tmp/real`.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

PACKAGES = Path(__file__).with_name("packages.toml")
_DOWNLOAD_SECONDS_MAX = 180
_RETRIES = 2


class FetchError(Exception):
    """A package cannot be laid out."""


class UnknownPackageError(FetchError):
    """No entry has that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """Name what was asked for and what there is."""
        super().__init__(f"no package '{name}' in {PACKAGES.name}; there are {', '.join(known)}")
        self.name = name


class IndexUnreachableError(FetchError):
    """The package index did not hand out the archive."""

    def __init__(self, release: str, reason: str) -> None:
        """Name the release and what the client said last."""
        super().__init__(
            f"the source archive of '{release}' could not be fetched ({reason}); "
            "check that `pip download` works on this machine"
        )
        self.release = release
        self.reason = reason


class DigestMismatchError(FetchError):
    """The archive is not the one that was recorded."""

    def __init__(self, release: str) -> None:
        """Name the release."""
        super().__init__(
            f"the source archive of '{release}' does not have the digest that "
            f"{PACKAGES.name} records; nothing of it was used"
        )
        self.release = release


class UnexpectedLayoutError(FetchError):
    """An archive does not hold what its entry says."""

    def __init__(self, release: str, problem: str) -> None:
        """Name the release and what is wrong with it."""
        super().__init__(f"the source archive of '{release}' {problem}; correct {PACKAGES.name}")
        self.release = release


@dataclass(frozen=True)
class Release:
    """One published source archive."""

    name: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """Return the requirement that means exactly this release."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class CopiedFile:
    """A file of the new release, and where it goes in the old one."""

    source: PurePosixPath
    target: PurePosixPath


@dataclass(frozen=True)
class Fix:
    """One edit that upstream made."""

    file: str
    function: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """A released bug: two releases, what shows it, and how it was mended."""

    role: str
    old: Release
    new: Release
    tests: tuple[CopiedFile, ...]
    success: str
    scope: str
    red: tuple[str, ...]
    green_count: int
    summary: str
    fixes: tuple[Fix, ...]

    @property
    def name(self) -> str:
        """Return the package's name."""
        return self.old.name


class IndexClient(Protocol):
    """Gets source archives.

    Law: the file returned lies in the folder that was given, and a failure is a FetchError.
    """

    def download(self, release: Release, folder: Path) -> Path:
        """Return the archive of the release, stored in the folder. Blocks."""
        ...


class PipClient:
    """Gets source archives with this interpreter's pip, as it is configured on this machine."""

    def download(self, release: Release, folder: Path) -> Path:
        """Return the archive; pip refuses one with another digest before it opens it.

        Raises:
            IndexUnreachableError: pip did not get it within its retries and three minutes.
            DigestMismatchError: what pip got is another archive.
        """
        requirements = folder / "requirements.txt"
        requirements.write_text(
            f"{release.requirement} --hash=sha256:{release.sha256}\n", encoding="utf-8"
        )
        archives = folder / "archives"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", release.name, "--retries", str(_RETRIES)]
        command += ["--require-hashes", "-r", str(requirements), "--dest", str(archives)]
        _run_pip(command, release)
        found = sorted(archives.iterdir())
        if len(found) != 1:
            raise IndexUnreachableError(
                release.requirement, f"pip left {len(found)} files, not one"
            )
        return found[0]


def load_entries(path: Path = PACKAGES) -> tuple[Entry, ...]:
    """Return all entries, in the order of the file."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return tuple(_entry(table) for table in tables)


def find_entry(name: str) -> Entry:
    """Return the entry of that name.

    Raises:
        UnknownPackageError: there is none.
    """
    entries = {entry.name: entry for entry in load_entries()}
    if name not in entries:
        raise UnknownPackageError(name, list(entries))
    return entries[name]


def prepare(entry: Entry, folder: Path, index_client: IndexClient | None = None) -> Path:
    """Return the root of the old release in the folder, with the new release's tests in it.

    Blocks for as long as two downloads take, some ten seconds in all. What an earlier call left
    there is replaced.

    Raises:
        IndexUnreachableError: an archive could not be had.
        DigestMismatchError: an archive is not the one recorded.
        UnexpectedLayoutError: an archive lacks a file that the entry names.
    """
    client = index_client or PipClient()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        old = _unpacked(entry.old, client, Path(scratch, "old"))
        new = _unpacked(entry.new, client, Path(scratch, "new"))
        for test in entry.tests:
            _copy(new / test.source, old / test.target, entry.new)
        root = folder / old.name
        shutil.rmtree(root, ignore_errors=True)
        return old.rename(root)


def apply_fixes(entry: Entry, root: Path) -> None:
    """Make upstream's edits in a prepared folder.

    Raises:
        UnexpectedLayoutError: the lines to be edited are not there exactly once.
    """
    for fix in entry.fixes:
        path = root / fix.file
        text = path.read_text(encoding="utf-8")
        if text.count(f"{fix.before}\n") != 1:
            raise UnexpectedLayoutError(entry.old.requirement, f"has no such line in {fix.file}")
        path.write_text(text.replace(f"{fix.before}\n", f"{fix.after}\n"), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare one package; print where it lies, or on one line why not. Return the exit code."""
    parser = argparse.ArgumentParser(description="Lay out a released package with a known bug.")
    parser.add_argument("name", help="a package in packages.toml")
    parser.add_argument("folder", type=Path, help="where to put it")
    parser.add_argument("--fixed", action="store_true", help="make upstream's edits too")
    chosen = parser.parse_args(arguments)
    try:
        entry = find_entry(chosen.name)
        root = prepare(entry, chosen.folder)
        if chosen.fixed:
            apply_fixes(entry, root)
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{root}\n")
    return 0


def _entry(table: dict[str, Any]) -> Entry:
    return Entry(
        role=table["role"],
        old=Release(table["name"], table["old_version"], table["old_sha256"]),
        new=Release(table["name"], table["new_version"], table["new_sha256"]),
        tests=tuple(
            CopiedFile(PurePosixPath(test["from"]), PurePosixPath(test["to"]))
            for test in table["tests"]
        ),
        success=table["success"],
        scope=table["scope"],
        red=tuple(table["red"]),
        green_count=table["green_count"],
        summary=table["summary"],
        fixes=tuple(Fix(**fix) for fix in table["fix"]),
    )


def _run_pip(command: list[str], release: Release) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired as error:
        reason = f"no answer within {_DOWNLOAD_SECONDS_MAX} s"
        raise IndexUnreachableError(release.requirement, reason) from error
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise DigestMismatchError(release.requirement)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = errors[-1] if errors else f"pip exited with {done.returncode}"
        raise IndexUnreachableError(release.requirement, reason)


def _unpacked(release: Release, client: IndexClient, folder: Path) -> Path:
    folder.mkdir()
    archive = client.download(release, folder)
    with archive.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != release.sha256:
            raise DigestMismatchError(release.requirement)
    tree = folder / "tree"
    try:
        with tarfile.open(archive) as tar:
            _extract(tar, tree, release)
    except tarfile.TarError as error:
        raise UnexpectedLayoutError(release.requirement, f"cannot be unpacked ({error})") from error
    roots = sorted(tree.iterdir())
    if len(roots) != 1 or not roots[0].is_dir():
        raise UnexpectedLayoutError(
            release.requirement, f"has {len(roots)} folders at its top, not one"
        )
    return roots[0]


def _extract(tar: tarfile.TarFile, tree: Path, release: Release) -> None:
    """Write the regular files of an archive, and nothing outside of the folder.

    `extractall(filter="data")` would do; Python has it from 3.11.4 on.
    """
    for member in tar:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise UnexpectedLayoutError(release.requirement, f"reaches out to '{member.name}'")
        content = tar.extractfile(member) if member.isfile() else None
        if content is not None:
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())


def _copy(source: Path, target: Path, release: Release) -> None:
    if not source.is_file():
        raise UnexpectedLayoutError(release.requirement, f"has no file {source.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    sys.exit(main())
