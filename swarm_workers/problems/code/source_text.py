"""Python source as text and back, byte for byte.

Pure: no I/O, no clock, no chance.
"""

import io
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import replace

from swarm_workers.protocols import Edit, Tree, TreeFile


def decode(data: bytes) -> str | None:
    """Return the text of a Python file, line ends as they are; None if it cannot be edited safely.

    The encoding is found as Python finds it (byte order mark, then cookie). A file that does not
    come back byte for byte is left alone.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return None
    return text if text.encode(encoding) == data else None


def encode(text: str, like: bytes) -> bytes:
    """Return text as bytes in the encoding of the file that it came from."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(like).readline)
    return text.encode(encoding)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text after edits that do not overlap, all counted on the text as given."""
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        assert 0 <= edit.start <= edit.end <= len(text), f"edit of {edit.path} is out of range"
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def edited_files(
    tree: Tree, sources: Mapping[str, str], edits: Iterable[Edit]
) -> dict[str, TreeFile]:
    """Return the files that edits change, as they are afterwards."""
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    return {
        path: replace(tree[path], data=encode(apply_edits(sources[path], group), tree[path].data))
        for path, group in by_path.items()
    }
