"""The job's copy of the code: one descriptor with an index and the bytes of all files behind it.

A format of our own because it is read in a fraction of the time that `tarfile` takes: eight bytes
of length, a JSON list of `[path, size, kind, link]`, then the files' bytes in that order.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from typing import Any

HEADER = struct.Struct(">Q")
FILE, EXECUTABLE, LINK = 0, 1, 2


def unpack(fd: int, root: str, skip: str | None) -> None:
    """Write the tree under a folder, without the paths below `skip`.

    Raises:
        OSError: it does not fit, or a path cannot be written.
        ValueError: a path leaves the root.
    """
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as packed:
        (size,) = HEADER.unpack_from(packed)
        offset = HEADER.size + size
        made = {root}
        for path, length, kind, link in json.loads(packed[HEADER.size : offset]):
            if not (skip and (path + "/").startswith(skip + "/")):
                target = _inside(root, path)
                _make_folder(os.path.dirname(target), made)
                _write(target, kind, link, packed[offset : offset + length])
            offset += length


def _inside(root: str, path: Any) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("the path %r leaves the repository" % path)
    return os.path.join(root, path)


def _make_folder(folder: str, made: set[str]) -> None:
    if folder not in made:
        os.makedirs(folder, exist_ok=True)
        made.add(folder)


def _write(target: str, kind: int, link: str, data: bytes) -> None:
    if kind == LINK:
        os.symlink(link, target)
        return
    mode = 0o755 if kind == EXECUTABLE else 0o644
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(fd, "wb", buffering=0) as file:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
