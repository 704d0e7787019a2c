"""What `.pth` files put on the import path, once the code that they name is there.

A package that is installed in editable form is such a line with a folder of the repository. The
interpreter reads it when it starts, and leaves out what does not exist; in the sandbox it starts
before the code arrives.
"""

from __future__ import annotations

import contextlib
import os
import site
import sys


def find() -> list[str]:
    """Return the folders that `.pth` files name and that are not on the import path, in order."""
    found: list[str] = []
    for folder in site.getsitepackages():
        for line in _lines(folder):
            path = os.path.abspath(os.path.join(folder, line))
            if path not in sys.path and path not in found:
                found.append(path)
    return found


def add(paths: list[str]) -> None:
    """Put those of the folders on the import path that exist by now, where `site` would have."""
    sys.path.extend(path for path in paths if os.path.exists(path))


def _lines(folder: str) -> list[str]:
    """Return the lines that name a folder, of all `.pth` files in their order; none if it fails."""
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = sorted(name for name in os.listdir(folder) if name.endswith(".pth"))
    texts = [_text(os.path.join(folder, name)) for name in names]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "import ", "import\t"))]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
