"""A tree, packed into one descriptor that can be handed into the sandbox.

`inside/unpack.py` describes the format and reads it.
"""

import json
import os

from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.sandbox.inside.unpack import EXECUTABLE, FILE, HEADER, LINK


def pack(tree: Tree) -> int:
    """Return a descriptor, at its start, of memory that holds the tree. The caller closes it."""
    index = [[path, len(file.data), _kind(file), file.link_target] for path, file in tree.items()]
    head = json.dumps(index).encode()
    fd = os.memfd_create("swarm-tree", os.MFD_CLOEXEC)
    try:
        with open(fd, "wb", buffering=1 << 20, closefd=False) as packed:
            packed.write(HEADER.pack(len(head)))
            packed.write(head)
            packed.writelines(file.data for file in tree.values())
    except BaseException:
        os.close(fd)
        raise
    return fd


def _kind(file: TreeFile) -> int:
    if file.link_target is not None:
        return LINK
    return EXECUTABLE if file.is_executable else FILE
