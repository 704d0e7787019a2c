"""The documentation of the installed packages that this project runs on.

Only of those: what else is installed differs from machine to machine, and with it what there is to
find. Read as files, never imported. Blocks for some seconds.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import islice
from pathlib import Path, PurePath

from swarm_workers.problems.research.corpus.docstrings import documents_of
from swarm_workers.problems.research.corpus.document import Document, document
from swarm_workers.problems.research.corpus.python import FILE_BYTES_MAX, module_name

PROJECT = "swarm-fleet"
PACKAGE_FILES_MAX = 150
"""Files read of one package, in the order of their paths: none of them fills the library alone."""
_LEFT_OUT = frozenset({"test", "tests", "testing", "licenses", "__pycache__", "_vendor"})
_TEXTS = frozenset({".md", ".rst", ".txt"})
_TABLES = frozenset({"top_level.txt", "entry_points.txt", "LICENSE.txt", "LICENSE.md"})
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def installed_packages(root: str = PROJECT) -> list[Distribution]:
    """Return what a distribution needs, and what that needs, so far as installed; by name."""
    found: dict[str, Distribution] = {}
    waiting = _needs(root)
    while waiting:
        name = _normal(waiting.pop())
        if name in found or name == _normal(root):
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform
        waiting.extend(_needs(name))
    return [found[name] for name in sorted(found)]


def package_documents(packages: Sequence[Distribution]) -> Iterator[Document]:
    """Yield descriptions, texts and docstrings of packages, in the order of names and paths."""
    for package in packages:
        name = _normal(package.metadata["Name"])
        payload = _description(package)
        about = document("package", f"{name}/METADATA", f"package {name}", payload)
        files = sorted(filter(_is_documentation, package.files or ()), key=str)
        if about is not None:
            yield about
        located = ((file, Path(str(package.locate_file(file)))) for file in files)
        read = partial(_read, name)
        for file, path in islice(located, PACKAGE_FILES_MAX):
            yield from read(file, path)


def _description(package: Distribution) -> str:
    """Return the text that follows the fields of a package's metadata,."""
    metadata = package.read_text("METADATA") or package.read_text("PKG-INFO") or ""
    return metadata.partition("\n\n")[2]


def _needs(name: str) -> list[str]:
    """Return the names that a distribution requires without anybody asking for an extra."""
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    plain = (line for line in lines if "extra ==" not in line)
    return [match.group() for line in plain if (match := _REQUIREMENT.match(line))]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_documentation(file: PurePath) -> bool:
    is_left_out = _LEFT_OUT.intersection(file.parts) or file.name in _TABLES or ".." in file.parts
    return not is_left_out and (file.suffix == ".py" or file.suffix in _TEXTS)


def _read(package: str, file: PurePath, path: Path) -> list[Document]:
    try:
        data = path.read_bytes() if path.stat().st_size <= FILE_BYTES_MAX else b""
    except OSError:
        return []  # listed, and removed since
    if file.suffix == ".py":
        return documents_of("package", module_name(Path(file)), data)
    text = document(
        "package", f"{package}/{file}", f"'{file.name}' of {package}", data.decode(errors="replace")
    )
    return [] if text is None else [text]
