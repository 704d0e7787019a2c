"""The documentation that comes with the running Python: its library's docstrings, its topics.

Read as files, never imported. Blocks for some seconds.
"""

import ast
import logging
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from swarm_workers.problems.research.corpus.docstrings import documents_of
from swarm_workers.problems.research.corpus.document import Document, document

_LOG = logging.getLogger(__name__)
_LEFT_OUT = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "__pycache__", "idlelib", "lib2to3"}
)
"""Folders that hold no documentation of the library, or are not everywhere."""
FILE_BYTES_MAX = 512 * 1024
"""Larger files are tables, not texts."""


def python_documents() -> Iterator[Document]:
    """Yield the documents of the standard library, in the order of their paths."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in source_files(root):
        yield from documents_of("python", module_name(path.relative_to(root)), path.read_bytes())
    yield from _topics(root / "pydoc_data" / "topics.py")


def source_files(root: Path) -> list[Path]:
    """Return the Python files under a folder that document something, sorted."""
    return sorted(
        path
        for path in root.rglob("*.py")
        if not _LEFT_OUT.intersection(path.relative_to(root).parts)
        and not path.stem.startswith("test_")
        and path.stat().st_size <= FILE_BYTES_MAX
    )


def module_name(path: Path) -> str:
    """Return the dotted name of a file whose path begins below the folder of imports."""
    parts = list(path.with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and parts[1:] else parts)


def _topics(path: Path) -> Iterator[Document]:
    """Yield the chapters of the language reference that `help()` shows, where they are there."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError) as error:
        _LOG.info("this Python comes without the topics of help(): %s", error)
        return
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            for name, text in sorted(ast.literal_eval(node.value).items()):
                found = document("topic", name, f"Python help on '{name}'", text)
                if found is not None:
                    yield found
