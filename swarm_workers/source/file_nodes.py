"""Files taken apart and put together again, byte for byte.

Pure: no I/O, no clock, no chance.

Law: `render(decompose(path, data)) == data`, whatever the bytes are.
"""

import codecs
import hashlib
import re

from swarm_workers.source.pieces import FileFormat, FileNodes, Piece, text_of
from swarm_workers.source.python_nodes import python_pieces
from swarm_workers.source.text_nodes import text_pieces
from tasks_schema.kinds import NodeKind

PYTHON_BYTES_MAX = 4 * 2**20
"""Larger Python files are taken apart as plain text."""
TEXT_BYTES_MAX = 8 * 2**20
"""Larger files are blobs."""
LINE_BYTES_MAX = 2**20
"""Files with a longer line are blobs: nobody edits them by lines."""

_PYTHON_SUFFIXES = (".py", ".pyi", ".pyw")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:[#\r\n]|$)")
_CODECS = frozenset(
    ["utf-8", "ascii", "cp437", "cp866", "koi8-r", "koi8-u", "mac-roman"]
    + [f"cp125{digit}" for digit in range(9)]
    + [f"iso8859-{part}" for part in range(1, 17) if part != 12]
    + ["shift_jis", "euc_jp", "gbk", "gb2312", "gb18030", "big5", "euc_kr"]
)


def decompose(path: str, data: bytes) -> FileNodes:
    """Return the nodes of a file; how it is taken apart depends on its name and on its bytes."""
    is_python = path.endswith(_PYTHON_SUFFIXES)
    has_bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if has_bom else data
    encoding = _cookie(body) if is_python and not has_bom else "utf-8"
    text = _decoded(body, encoding)
    if text is None:
        return _blob(data)
    if is_python and len(body) <= PYTHON_BYTES_MAX:
        return FileNodes(FileFormat.PYTHON, python_pieces(text), encoding, has_bom)
    return FileNodes(FileFormat.TEXT, text_pieces(text), encoding, has_bom)


def render(nodes: FileNodes) -> bytes:
    """Return the bytes of the file that was taken apart."""
    if nodes.blob is not None:
        return nodes.blob
    return encode(text_of(nodes.pieces), nodes.encoding, has_bom=nodes.has_bom)


def encode(text: str, encoding: str, *, has_bom: bool) -> bytes:
    """Return the bytes of a text.

    Raises:
        UnicodeEncodeError: the encoding has no bytes for a character of it.
    """
    return (codecs.BOM_UTF8 if has_bom else b"") + text.encode(encoding)


def _blob(data: bytes) -> FileNodes:
    piece = Piece(NodeKind.BLOB, hashlib.sha256(data).hexdigest())
    return FileNodes(FileFormat.BLOB, (piece,), blob=data)


def _decoded(body: bytes, encoding: str) -> str | None:
    """Return the text of these bytes, or None if they are not text that we keep as text."""
    if len(body) > TEXT_BYTES_MAX or b"\0" in body or _has_long_line(body):
        return None
    try:
        text = body.decode(encoding)
        is_same = text.encode(encoding) == body
    except UnicodeError:
        return None
    return text if is_same and "\0" not in text else None


def _has_long_line(body: bytes) -> bool:
    if len(body) <= LINE_BYTES_MAX:
        return False
    return any(len(line) > LINE_BYTES_MAX for line in body.split(b"\n"))


def _cookie(body: bytes) -> str:
    """Return the encoding that a Python file declares in its first two lines (PEP 263)."""
    for line in body[:1024].splitlines()[:2]:
        found = _COOKIE.match(line)
        if found:
            return _codec(found.group(1).decode())
        if not _BLANK.match(line):
            break
    return "utf-8"


def _codec(name: str) -> str:
    """Return the codec's own name if it is a plain charset that we know, else UTF-8."""
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return "utf-8"
    return known if known in _CODECS else "utf-8"
