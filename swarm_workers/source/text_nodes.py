"""Text that is no Python, taken apart into paragraphs.

Pure: no I/O, no clock, no chance. Blank lines decide where a paragraph ends, so that an edit to
one paragraph leaves the others as they were.
"""

from swarm_workers.source.lines import is_blank, split_lines
from swarm_workers.source.pieces import Piece
from tasks_schema.kinds import NodeKind

CHUNK_LINES_MAX = 64


def text_pieces(text: str) -> tuple[Piece, ...]:
    """Return the paragraphs of a text, each of at most `CHUNK_LINES_MAX` lines."""
    pieces: list[Piece] = []
    lead: list[str] = []
    body: list[str] = []

    def close() -> None:
        pieces.append(Piece(NodeKind.CHUNK, "".join(body), lead="".join(lead)))
        lead.clear()
        body.clear()

    for line in split_lines(text):
        if body and (is_blank(line) or len(body) == CHUNK_LINES_MAX):
            close()
        (lead if is_blank(line) else body).append(line)
    if body:
        close()
    if lead:
        pieces.append(Piece(NodeKind.TAIL, "".join(lead)))
    return tuple(pieces)
