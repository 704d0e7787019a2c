"""The library of this machine: made once, kept in the state folder, made anew when packages change.

Also libraries that hold a person's documents beside it, each under the digest of those.
"""

import fcntl
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import Distribution
from itertools import chain
from pathlib import Path

from swarm_workers.problems.research.corpus.document import Document, digest_of
from swarm_workers.problems.research.corpus.library import Library, build
from swarm_workers.problems.research.corpus.packages import installed_packages, package_documents
from swarm_workers.problems.research.corpus.python import python_documents

FORMAT = "1"
"""Changes when the same files would make other documents."""
LIBRARIES_KEPT_MAX = 8
"""Files of libraries kept on a machine, of some 20 MB each; older ones are removed."""


def machine_library(home: Path) -> Library:
    """Return the documentation of the running Python and of the project's packages.

    The first call on a machine blocks for about ten seconds, and others that come meanwhile wait.

    Args:
        home: the state folder.
    """
    packages = installed_packages()

    def documents() -> Iterable[Document]:
        return chain(python_documents(), package_documents(packages))

    return _kept(home, f"machine-{_fingerprint(packages)}", documents)


def extended_library(home: Path, base: Library, more: Sequence[Document]) -> Library:
    """Return a library that holds other documents as well; the base itself if there are none."""
    if not more:
        return base

    def documents() -> Iterable[Document]:
        return chain(base.documents(), more)

    return _kept(home, f"{base.digest[:24]}-{digest_of(more)[:24]}", documents)


def _kept(home: Path, name: str, documents: Callable[[], Iterable[Document]]) -> Library:
    folder = home / "libraries"
    path = folder / f"{name}.sqlite"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / "lock"):
            if not path.exists():
                build(path, documents())
                _tidy(folder)
    path.touch()  # what is in use is not the oldest
    return Library(path)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one process of this machine at a time into the block. The system frees it at its end."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tidy(folder: Path) -> None:
    """Remove the libraries unused for longest. Who has one open goes on reading it."""
    files = sorted(folder.glob("*.sqlite"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[LIBRARIES_KEPT_MAX:]:
        path.unlink(missing_ok=True)


def _fingerprint(packages: Sequence[Distribution]) -> str:
    """Return what changes with the documents: the Python, and the files that packages list."""
    total = sha256(f"{FORMAT}\n{sys.version}\n".encode())
    for package in packages:
        record = package.read_text("RECORD") or ""  # has a hash of every file
        total.update(f"{package.metadata['Name']} {package.version}\n{record}\n".encode())
    return total.hexdigest()[:24]
