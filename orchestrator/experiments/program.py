"""Which code ran: a digest of this program's own files, wherever it is installed from.

A version number stays the same from one change to the next, and an installed package has no
history to ask. What a worker has loaded before a change, or what another host has installed, is not
seen from here.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("tasks_schema", "swarm_workers", "orchestrator")
_DIGITS = 12


def program_digest() -> str:
    """Return the digest of the three packages as they are installed. Blocks for some 10 ms."""
    return digest_of(map(_folder_of, _PACKAGES))


def digest_of(folders: Iterable[Path]) -> str:
    """Return the digest of all files in these folders: 12 hexadecimal digits.

    Neither where the folders are nor what Python keeps of its compiling makes a difference.
    """
    total = sha256()
    for folder in folders:
        for file in _sources(folder):
            name = file.relative_to(folder.parent).as_posix()
            content = sha256(file.read_bytes()).hexdigest()
            total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()[:_DIGITS]


def _sources(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


def _folder_of(package: str) -> Path:
    found = find_spec(package)
    assert found is not None, f"'{package}' is imported, so it is installed"
    assert found.submodule_search_locations, f"'{package}' is a package"
    return Path(found.submodule_search_locations[0])
