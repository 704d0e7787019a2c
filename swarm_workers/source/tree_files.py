"""Files of a tree ↔ their nodes.

Pure: no I/O, no clock, no chance.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from swarm_workers.protocols import Tree, TreeFile
from swarm_workers.source.errors import UnsafePathError
from swarm_workers.source.file_nodes import encode
from swarm_workers.source.pieces import FileFormat, FileNodes
from swarm_workers.source.registers import Node
from swarm_workers.source.shape import Shape
from tasks_schema.ids import NodeId
from tasks_schema.kinds import NodeKind

BlobReader = Callable[[str], bytes]
"""Returns the bytes whose SHA-256 is given."""


def meta_of(file: TreeFile, nodes: FileNodes) -> dict[str, Any]:
    """Return what a file's node says of it beside its name and its contents."""
    return {
        "format": str(nodes.format),
        "encoding": nodes.encoding,
        "has_bom": nodes.has_bom,
        "is_executable": file.is_executable,
    }


def file_of(meta: Mapping[str, Any], content: str, blob_of: BlobReader) -> TreeFile:
    """Return a regular file.

    Args:
        meta: as `meta_of` made it.
        content: lead and text of all its nodes, joined in order.
        blob_of: asked only for a file that is kept as a blob.

    Raises:
        UnicodeEncodeError: the file's encoding has no bytes for a character of it.
    """
    if meta["format"] == FileFormat.BLOB:
        return TreeFile(blob_of(content), is_executable=meta["is_executable"])
    data = encode(content, meta["encoding"], has_bom=meta["has_bom"])
    return TreeFile(data, is_executable=meta["is_executable"])


def link_of(target: str) -> TreeFile:
    """Return a symbolic link to this target."""
    return TreeFile(b"", link_target=target)


def file_at(node: Node, shape: Shape, blob_of: BlobReader) -> TreeFile:
    """Return the file or link of a node, its contents read from the tree."""
    if node.kind is NodeKind.LINK:
        return link_of(node.text)
    content = "".join(
        each.lead + each.text
        for each in shape.beneath(node.node_id)
        if shape.place(each.node_id).file_id == node.node_id
    )
    return file_of(node.meta, content, blob_of)


def files_at(
    nodes: Mapping[NodeId, Node], shape: Shape, blob_of: BlobReader
) -> dict[str, TreeFile]:
    """Return the files of all nodes that are seen; contents must have been loaded."""
    return {path: file_at(nodes[at], shape, blob_of) for path, at in shape.files.items()}


def tree_digest(tree: Tree) -> str:
    """Return the SHA-256 of a tree, in hex: equal for equal paths, bytes, modes and links."""
    total = hashlib.sha256()
    for path, file in sorted(tree.items()):
        kind = "link" if file.link_target is not None else "file"
        data = file.data if file.link_target is None else file.link_target.encode()
        inner = hashlib.sha256(data).hexdigest()
        total.update(f"{kind} {int(file.is_executable)} {inner} {path}\0".encode())
    return total.hexdigest()


def require_safe(path: str) -> None:
    """Refuse a path that would leave the tree, that git keeps to itself, or that no file can have.

    Raises:
        UnsafePathError: naming it.
    """
    if not all(_is_name(part) for part in path.split("/")) or not is_storable(path):
        raise UnsafePathError(path)


def require_storable(path: str, file: TreeFile) -> None:
    """Refuse a path that is not safe, and a link whose target cannot be stored.

    Raises:
        UnsafePathError: naming the path.
    """
    require_safe(path)
    if file.link_target is not None and not is_storable(file.link_target):
        raise UnsafePathError(path)


def is_storable(text: str) -> bool:
    """Say whether a text can be a value in the database: no NUL, no lone surrogates."""
    if text.isascii():  # as nearly all is: a third of the time
        return "\0" not in text
    return storable(text) == text


def storable(text: str) -> str:
    """Return a text with a question mark for each character that the database cannot hold."""
    return text.replace("\0", "?").encode(errors="replace").decode()


def _is_name(part: str) -> bool:
    return part not in ("", ".", "..") and part.lower() != ".git"
