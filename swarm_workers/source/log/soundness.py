"""What an operation must be for any tree to hold it, whoever made it and wherever it goes.

What is checked here would not be found out by the registers, which take anything, but by the
reader of the tree: a name that leaves it, a position that nothing can be put beside, a file whose
bytes cannot be told.

Pure: no I/O, no clock, no chance.
"""

import codecs
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from swarm_workers.source.errors import UnsafePathError
from swarm_workers.source.log.errors import UnsoundOperationError
from swarm_workers.source.pieces import FileFormat
from swarm_workers.source.tree_files import is_storable, require_safe
from tasks_schema.kinds import NodeKind, OperationKind
from tasks_schema.messages.source import LOST, ROOT, TRASH, Operation

POSITION_SIZE_MAX = 8192
_POSITION = re.compile(r"[A-Za-z][0-9A-Za-z.]+")
_RESERVED = frozenset([ROOT, TRASH, LOST])
_STRUCTURE = frozenset([NodeKind.DIR, NodeKind.FILE, NodeKind.LINK])
_META = {"format": str, "encoding": str, "has_bom": bool, "is_executable": bool}


def require_sound(operation: Operation) -> None:
    """Refuse an operation that no tree can hold.

    Raises:
        UnsoundOperationError: naming its node and what is wrong.
    """
    reason = (
        _wrong_with_place(operation)
        or _wrong_with_name(operation)
        or _wrong_with_meta(operation)
        or _wrong_with_text(operation)
    )
    if reason:
        raise UnsoundOperationError(operation.node_id, reason)


def _wrong_with_place(operation: Operation) -> str:
    parent, position = operation.parent, operation.position
    if operation.node_id in _RESERVED or parent == operation.node_id:
        return "puts it where no node can be"
    if position and not is_position(position):
        return f"has the position '{position[:40]}', beside which nothing can be put"
    return _wrong_with_kind(operation)


def _wrong_with_kind(operation: Operation) -> str:
    is_placed = operation.parent is not None and operation.position is not None
    match operation.kind:
        case OperationKind.NODE_INSERT if operation.node_kind is None or not is_placed:
            return "inserts it without saying what it is and where"
        case OperationKind.NODE_MOVE if not is_placed:
            return "moves it without saying where"
        case OperationKind.NODE_DELETE if operation.parent != TRASH:
            return "deletes it to somewhere else than the trash"
        case OperationKind.NODE_UPDATE if operation.parent is not None:
            return "moves it in an update"
        case _:  # parent and position are one register: merged apart, hubs would differ
            is_half = (operation.parent is None) is not (operation.position is None)
            return "gives it half a place" if is_half else ""


def is_position(position: str) -> bool:
    """Say whether this is a position that others can be put beside."""
    if len(position) > POSITION_SIZE_MAX or not _POSITION.fullmatch(position):
        return False
    head = position[0]
    length = ord(head) - ord("a") + 1 if head >= "a" else ord("Z") - ord(head) + 1
    return len(position) > length and "." not in position[: length + 1]


def _wrong_with_name(operation: Operation) -> str:
    name = operation.name
    if not name:
        return "names it with nothing" if operation.node_kind in _STRUCTURE else ""
    if name.isidentifier():
        return ""
    try:
        require_safe(name)
    except UnsafePathError:
        return f"names it '{name[:80]}', which no file can be called"
    return f"names it '{name[:80]}', which is a path" if "/" in name else ""


def _wrong_with_text(operation: Operation) -> str:
    texts = (operation.lead, operation.text, operation.name)
    is_told = all(text is None or is_storable(text) for text in texts)
    return "" if is_told else "holds a character that no text in Postgres can"


def _wrong_with_meta(operation: Operation) -> str:
    meta, is_insert = operation.meta, operation.kind is OperationKind.NODE_INSERT
    if is_insert and operation.node_kind is not NodeKind.FILE and not meta:
        return ""  # what is no file says nothing of itself when it is born
    return _wrong_with_format(meta or {}) if is_insert or meta is not None else ""


def _wrong_with_format(meta: Mapping[str, Any]) -> str:
    unknown = sorted(meta.keys() - _META.keys())
    if unknown:
        return f"says something in the unknown field {unknown[0]!r}"
    for key, kind in _META.items():
        if not isinstance(meta.get(key), kind):
            return f"does not say which '{key}' the file has"
    if meta["format"] not in list(FileFormat):
        return f"has the unknown format '{meta['format'][:40]}'"
    if not _is_encoding(meta["encoding"]):
        return f"has the unknown encoding '{meta['encoding'][:40]}'"
    return ""


@lru_cache(maxsize=256)
def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - as `str.encode` decides
    except (LookupError, ValueError):
        return False
