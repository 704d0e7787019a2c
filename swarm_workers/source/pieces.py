"""What a file is made of before it is stored: pieces, each a run of whole lines.

Pure: no I/O, no clock, no chance.

Law: a file's text is the preorder concatenation of `lead` and `text` of its pieces.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from swarm_workers.source.cuts import RUN_SIZE_MAX, cut_runs
from swarm_workers.source.lines import split_lines
from tasks_schema.kinds import NodeKind


@dataclass(frozen=True, slots=True)
class Piece:
    """A node in the making."""

    kind: NodeKind
    text: str
    """Of a class or a function its header; the body is in `children`."""
    lead: str = ""
    """Blank lines and comments above."""
    name: str = ""
    """Of a class, a function or an assignment its name; else empty."""
    children: tuple["Piece", ...] = ()
    _digest: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)
    """The digest once it was asked for: an import never asks."""

    @property
    def digest(self) -> bytes:
        """Equal for equal subtrees."""
        if not self._digest:
            own = f"{self.kind}\0{self.name}\0{self.lead}\0{self.text}"
            total = hashlib.blake2b(own.encode(), digest_size=16)
            for child in self.children:
                total.update(child.digest)
            self._digest.append(total.digest())
        return self._digest[0]


def leaf(kind: NodeKind, text: str, *, lead: str = "", name: str = "") -> Piece:
    """Return a piece without inner structure; what is too long for one goes on in chunks."""
    lines = split_lines(text) if len(text) > RUN_SIZE_MAX else []
    if len(lines) < 2:
        return Piece(kind, text, lead=lead, name=name)
    first, *rest = cut_runs(lines)
    chunks = tuple(Piece(NodeKind.CHUNK, run) for run in rest)
    return Piece(kind, first, lead=lead, name=name, children=chunks)


class FileFormat(StrEnum):
    """How a file is taken apart."""

    PYTHON = "python"  #: Module, class, function, statement.
    TEXT = "text"  #: Paragraphs.
    BLOB = "blob"  #: Not at all.


@dataclass(frozen=True, slots=True)
class FileNodes:
    """A file taken apart."""

    format: FileFormat
    pieces: tuple[Piece, ...]
    encoding: str = "utf-8"
    has_bom: bool = False
    blob: bytes | None = None
    """The file's bytes if it is a blob: its one piece then holds their SHA-256."""


def text_of(pieces: Iterable[Piece]) -> str:
    """Return the text of these pieces and all beneath them."""
    return "".join(_texts(pieces))


def _texts(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        yield piece.lead
        yield piece.text
        yield from _texts(piece.children)
