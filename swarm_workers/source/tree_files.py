"""Files of a tree ↔ their nodes.

Pure: no I/O, no clock, no chance.
"""

import hashlib
import re
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

BlobReader = Callable[[str], bytes | None]
"""Returns the bytes whose SHA-256 is given; None if none of that name are kept."""
_BLOB_NAME = re.compile("[0-9a-f]{64}")
_UTF8 = {"encoding": "utf-8", "has_bom": False}
_PLAIN = {**_UTF8, "format": str(FileFormat.TEXT), "is_executable": False}


def meta_of(file: TreeFile, nodes: FileNodes) -> dict[str, Any]:
    """Return what a file's node says of it beside its name and its contents."""
    return {
        "format": str(nodes.format),
        "encoding": nodes.encoding,
        "has_bom": nodes.has_bom,
        "is_executable": file.is_executable,
    }


def file_of(meta: Mapping[str, Any], content: str, blob_of: BlobReader) -> TreeFile:
    """Return a regular file: total, for whatever its registers came to hold can be read.

    No landing of one hub is so, but what was written apart need not fit together. A file that one
    made binary while another wrote into it is text, its blob's name a line of it; one whose
    encoding has no bytes for a character of it is in UTF-8; one that says nothing of itself is
    plain text.

    Args:
        meta: as `meta_of` made it.
        content: lead and text of all its nodes, joined in order.
        blob_of: asked only for a file that is kept as a blob.
    """
    told = {**_PLAIN, **meta}
    if told["format"] == FileFormat.BLOB:
        blob = blob_of(content)
        if blob is not None:
            return TreeFile(blob, is_executable=told["is_executable"])
        told |= _UTF8
    try:
        data = encode(content, told["encoding"], has_bom=told["has_bom"])
    except UnicodeEncodeError:
        data = content.encode()
    return TreeFile(data, is_executable=told["is_executable"])


def is_blob_name(text: str) -> bool:
    """Say whether a text may be the name of a blob: a SHA-256 in hex."""
    return len(text) == 64 and _BLOB_NAME.fullmatch(text) is not None


def link_of(target: str) -> TreeFile:
    """Return a symbolic link to this target."""
    return TreeFile(b"", link_target=target)


def file_at(node: Node, shape: Shape, blob_of: BlobReader) -> TreeFile:
    """Return the file or link of a node, its contents read from the tree."""
    if node.kind is NodeKind.LINK:
        return link_of(node.text)
    return file_of(node.meta, content_at(node, shape), blob_of)


def content_at(node: Node, shape: Shape) -> str:
    """Return lead and text of all that hangs in a file, joined in order."""
    return "".join(
        each.lead + each.text
        for each in shape.beneath(node.node_id)
        if shape.place(each.node_id).file_id == node.node_id
    )


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
