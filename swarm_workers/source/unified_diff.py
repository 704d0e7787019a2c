"""The difference of two trees as a patch that `git apply` takes.

Pure: no I/O, no clock, no chance. All in bytes: files keep their encodings and line ends.

Source: the format is that of `git diff`, with base-85 literals for binary files.
"""

import zlib
from base64 import b85encode
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import sha1

from swarm_workers.protocols import Tree, TreeFile

CONTEXT_LINES = 3
DIFF_LINES_MAX = 4_000
"""Where more lines than this differ in a row, they are replaced as a whole: finding the shortest
difference takes time by the square of their number."""

_BINARY_LINE_BYTES = 52
_NO_FILE = "0" * 40
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}

Edit = tuple[int, int, int, int]
"""Lines `[0:1]` of the one file become lines `[2:3]` of the other."""


def unified_diff(before: Tree, after: Tree) -> bytes:
    """Return a patch that turns one tree into the other; empty if they are equal."""
    patch: list[bytes] = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is not None and new is not None and _is_link(old) is not _is_link(new):
            patch += _file_patch(path, old, None)  # git knows no other way to change the type
            old = None
        patch += _file_patch(path, old, new)
    return b"".join(patch)


def _file_patch(path: str, old: TreeFile | None, new: TreeFile | None) -> Iterator[bytes]:
    left, right = _name(f"a/{path}"), _name(f"b/{path}")
    yield f"diff --git {left} {right}\n".encode()
    yield from _mode_lines(old, new)
    before, after = _content(old), _content(new)
    if before == after and old is not None and new is not None:
        return
    mode = f" {_mode(old)}" if old and new and _mode(old) == _mode(new) else ""
    yield f"index {_hash(old)}..{_hash(new)}{mode}\n".encode()
    if before == after:
        return
    if b"\0" in before or b"\0" in after:
        yield b"GIT binary patch\n"
        yield from _literal(after)
        yield from _literal(before)
        return
    yield f"--- {_header_name(left) if old else '/dev/null'}\n".encode()
    yield f"+++ {_header_name(right) if new else '/dev/null'}\n".encode()
    yield from _hunks(_lines(before), _lines(after))


def _mode_lines(old: TreeFile | None, new: TreeFile | None) -> Iterator[bytes]:
    if old is None and new is not None:
        yield f"new file mode {_mode(new)}\n".encode()
    elif new is None and old is not None:
        yield f"deleted file mode {_mode(old)}\n".encode()
    elif old is not None and new is not None and _mode(old) != _mode(new):
        yield f"old mode {_mode(old)}\nnew mode {_mode(new)}\n".encode()


def _is_link(file: TreeFile) -> bool:
    return file.link_target is not None


def _mode(file: TreeFile) -> str:
    if _is_link(file):
        return "120000"
    return "100755" if file.is_executable else "100644"


def _content(file: TreeFile | None) -> bytes:
    if file is None:
        return b""
    return file.data if file.link_target is None else file.link_target.encode()


def _hash(file: TreeFile | None) -> str:
    """Return the id that git gives to the contents; binary patches are refused without it."""
    if file is None:
        return _NO_FILE
    data = _content(file)
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _name(path: str) -> str:
    """Return a path as git writes it: in quotes, as in C, if it holds anything unusual."""
    data = path.encode()
    if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in data):
        return path
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def _escaped(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def _header_name(name: str) -> str:
    """Return a name for the lines `---` and `+++`; a tab ends one that holds a space."""
    return f"{name}\t" if " " in name and not name.startswith('"') else name


def _lines(data: bytes) -> list[bytes]:
    """Return the lines with their line feeds; git knows no other line end."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _hunks(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[bytes]:
    for group in _groups(_edits(before, after)):
        start = max(group[0][0] - CONTEXT_LINES, 0)
        end = min(group[-1][1] + CONTEXT_LINES, len(before))
        shift = group[0][2] - group[0][0]
        new_start = start + shift
        new_end = end + group[-1][3] - group[-1][1]
        yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@\n".encode()
        at = start
        for old_start, old_end, edit_start, edit_end in group:
            yield from _marked(b" ", before[at:old_start])
            yield from _marked(b"-", before[old_start:old_end])
            yield from _marked(b"+", after[edit_start:edit_end])
            at = old_end
        yield from _marked(b" ", before[at:end])


def _edits(before: Sequence[bytes], after: Sequence[bytes]) -> list[Edit]:
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    rest = range(1, shorter - head + 1)
    tail = next((at - 1 for at in rest if before[-at] != after[-at]), shorter - head)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(old), len(new)) > DIFF_LINES_MAX:
        return [(head, head + len(old), head, head + len(new))]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [
        (head + i, head + j, head + k, head + m)
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    ]


def _groups(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Yield edits whose context lines meet together."""
    group: list[Edit] = []
    for edit in edits:
        if group and edit[0] - group[-1][1] > 2 * CONTEXT_LINES:
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _range(start: int, end: int) -> str:
    """Return a range as hunk headers write it: lines count from 1, an empty one names the last."""
    count = end - start
    return f"{start + 1 if count else start},{count}"


def _marked(mark: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line
        if not line.endswith(b"\n"):
            yield b"\n\\ No newline at end of file\n"


def _literal(data: bytes) -> Iterator[bytes]:
    """Yield bytes as git writes binary ones: deflated, 52 a line, the first letter its length."""
    yield b"literal %d\n" % len(data)
    packed = zlib.compress(data)
    for at in range(0, len(packed), _BINARY_LINE_BYTES):
        chunk = packed[at : at + _BINARY_LINE_BYTES]
        length = len(chunk) + (ord("A") - 1 if len(chunk) <= 26 else ord("a") - 27)
        padded = chunk + b"\0" * (-len(chunk) % 4)
        yield bytes([length]) + b85encode(padded) + b"\n"
    yield b"\n"
