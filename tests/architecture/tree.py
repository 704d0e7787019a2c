"""The repository as the tests of its form see it: files, modules, pages of documentation."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tasks_schema", "swarm_workers", "orchestrator")


@dataclass(frozen=True)
class Module:
    """One Python file of the packages."""

    path: Path
    """Relative to the repository."""
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """Return its dotted name; that of a package for an `__init__`."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """Return the dotted name of the package that it lies in."""
        return ".".join(self.path.parent.parts)

    @property
    def is_init(self) -> bool:
        return self.path.name == "__init__.py"


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the packages, in order."""
    return tuple(_modules())


def _modules() -> Iterator[Module]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            source = file.read_text(encoding="utf-8")
            yield Module(file.relative_to(ROOT), ast.parse(source), source.count("\n"))


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files that belong to the repository: what git has, or would take.

    Where the tree is no git repository (an unpacked archive), all that is no tool's own.
    """
    listed = _listed_by_git()
    if listed is None:
        found = [file for file in ROOT.rglob("*") if not _is_made(file)]
    else:
        found = [ROOT / name for name in listed]
    return tuple(sorted(file for file in found if file.is_file()))


def _listed_by_git() -> list[str] | None:
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return None if done.returncode else [name for name in done.stdout.decode().split("\0") if name]


def _is_made(file: Path) -> bool:
    parts = file.relative_to(ROOT).parts
    return any(
        part == "__pycache__"
        or part.endswith(".egg-info")
        or (part.startswith(".") and part != ".ci")
        for part in parts
    )


def pages() -> tuple[Path, ...]:
    """Return the pages of documentation, wherever they lie."""
    return tuple(file for file in tracked() if file.suffix == ".md")
