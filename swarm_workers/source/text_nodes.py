"""Text that is no Python, taken apart into paragraphs.

Pure: no I/O, no clock, no chance. Blank lines decide where a paragraph ends, so that an edit to
one paragraph leaves the others as they were.
"""

from swarm_workers.source.cuts import cut_runs, is_long
from swarm_workers.source.lines import is_blank, split_lines
from swarm_workers.source.pieces import Piece, leaf
from tasks_schema.kinds import NodeKind


def text_pieces(text: str) -> tuple[Piece, ...]:
    """Return the paragraphs of a text; long ones in runs of lines."""
    pieces: list[Piece] = []
    lead: list[str] = []
    body: list[str] = []
    for line in split_lines(text):
        if body and is_blank(line):
            pieces += _paragraph(lead, body)
            lead, body = [], []
        (lead if is_blank(line) else body).append(line)
    if body:
        pieces += _paragraph(lead, body)
    elif lead:
        pieces.append(leaf(NodeKind.TAIL, "".join(lead)))
    return tuple(pieces)


def _paragraph(lead: list[str], body: list[str]) -> list[Piece]:
    runs = list(cut_runs(body)) if is_long(body) else ["".join(body)]
    first = Piece(NodeKind.CHUNK, runs[0], lead="".join(lead))
    return [first, *(Piece(NodeKind.CHUNK, run) for run in runs[1:])]
