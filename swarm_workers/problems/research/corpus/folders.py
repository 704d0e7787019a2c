"""Documents in a folder that a person names. Read once, by whoever launches."""

import os
from collections.abc import Iterator
from pathlib import Path

from swarm_workers.problems.research.corpus.document import CHARACTERS_MIN, Document, document
from swarm_workers.problems.research.corpus.markup import text_of
from swarm_workers.problems.research.errors import SourceUnavailableError

FILES_MAX = 5_000
"""Of one folder."""
FILE_BYTES_MAX = 2 * 2**20
_TEXTS = frozenset({".md", ".rst", ".txt"})
_PAGES = frozenset({".html", ".htm"})


def folder_documents(root: Path) -> list[Document]:
    """Return the texts and pages under a folder, sorted by path. Links are not followed.

    Raises:
        SourceUnavailableError: it is no folder, cannot be read, or has no document or too many.
    """
    if not root.is_dir():
        raise SourceUnavailableError(str(root), "there is no such folder")
    paths = sorted(_files(root))
    if len(paths) > FILES_MAX:
        raise SourceUnavailableError(
            str(root), f"it has {len(paths)} documents; name a part with at most {FILES_MAX}"
        )
    read = (_read(root, path) for path in paths)
    found = [each for each in read if each is not None]
    if not found:
        reason = (
            f"no file in it is a text ({', '.join(sorted(_TEXTS | _PAGES))}) "
            f"of {CHARACTERS_MIN} characters or more"
        )
        raise SourceUnavailableError(str(root), reason)
    return found


def _files(root: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise SourceUnavailableError(str(error.filename), str(error.strerror)) from error

    for folder, names, files in os.walk(root, onerror=refuse):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in files:
            path = Path(folder, name)
            if path.suffix.lower() in _TEXTS | _PAGES and path.is_file() and not path.is_symlink():
                yield path


def _read(root: Path, path: Path) -> Document | None:
    try:
        data = path.read_bytes() if path.stat().st_size <= FILE_BYTES_MAX else b""
    except OSError as error:
        raise SourceUnavailableError(str(path), str(error.strerror)) from error
    name = path.relative_to(root).as_posix()
    text = data.decode(errors="replace")
    if path.suffix.lower() in _PAGES:
        text = text_of(text)
    return document("file", f"{root.name}/{name}", name, text)
