"""A document: an id that is the same on every machine, a title, a text of bounded size.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

CHARACTERS_MAX = 24_000
"""Of one document: what a person reads in ten minutes. What is beyond is cut at a paragraph."""
CHARACTERS_MIN = 300
"""A document with less says nothing that its neighbours do not."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source as every agent reads it: a quotation is verbatim if it stands in `text`."""

    id: str
    """Where it is from and its name there, for example `python:asyncio.tasks`."""
    title: str
    text: str


def document(kind: str, name: str, title: str, text: str) -> Document | None:
    """Return a document; None if the text is too short to be one.

    Args:
        kind: where it is from, for example `python`.
        name: what it is called there; together with `kind` its id.
        title: for people.
        text: cut to `CHARACTERS_MAX`; what no database takes is replaced.
    """
    clean = _cut(text.replace("\x00", "\ufffd").replace("\r\n", "\n").strip())
    if len(clean) < CHARACTERS_MIN:
        return None
    return Document(f"{kind}:{name}", title, clean.encode(errors="replace").decode())


def digest_of(documents: Iterable[Document]) -> str:
    """Return a hex digest that two sets of documents have in common only if they are the same."""
    total = sha256()
    for each in sorted(documents, key=lambda document: document.id):
        for part in (each.id, each.title, each.text):
            data = part.encode()
            total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def _cut(text: str) -> str:
    if len(text) <= CHARACTERS_MAX:
        return text
    end = text.rfind("\n\n", 0, CHARACTERS_MAX)
    return text[: end if end > 0 else CHARACTERS_MAX].rstrip()
