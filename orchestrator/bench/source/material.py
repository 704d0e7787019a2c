"""What is measured on: the running Python's own library, and packages in two versions of each.

Nothing is fetched: pip carries copies of some packages that are installed here in other versions,
and the differences between them are what people really changed.
"""

import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from swarm_workers.protocols import Tree, TreeFile

_LINES_PER_NODE = 3
"""Lines of the library to a node, rounded up: how much of it makes a tree of some size."""


def library_files(lines_min: int) -> dict[str, bytes]:
    """Return files of the library by path, spread over all of it, with so many lines together."""
    root = Path(sysconfig.get_paths()["stdlib"])
    paths = [path for path in sorted(root.rglob("*.py")) if "site-packages" not in path.parts]
    files: dict[str, bytes] = {}
    lines = 0
    for path in (path for step in range(7) for path in paths[step::7]):
        files[path.relative_to(root).as_posix()] = data = path.read_bytes()
        lines += data.count(b"\n")
        if lines >= lines_min:
            break
    return files


def library_tree(nodes_min: int) -> Tree:
    """Return a tree of the library with about so many nodes."""
    files = library_files(nodes_min * _LINES_PER_NODE)
    return {path: TreeFile(files[path]) for path in sorted(files)}


def version_pairs() -> Iterator[tuple[str, bytes, bytes]]:
    """Yield path, older and newer text of each module that two versions are installed of."""
    pip = find_spec("pip")
    if pip is None or pip.origin is None:
        return
    for carried in sorted((Path(pip.origin).parent / "_vendor").glob("*/")):
        installed = PathFinder.find_spec(carried.name, sys.path)
        if installed is None or installed.origin is None:
            continue
        for path in sorted(carried.rglob("*.py")):
            other = Path(installed.origin).parent / path.relative_to(carried)
            if not other.is_file():
                continue
            before, after = path.read_bytes(), other.read_bytes()
            if before != after:
                yield f"{carried.name}/{path.relative_to(carried)}", before, after
