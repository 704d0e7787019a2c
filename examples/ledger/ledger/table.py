"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence

LEFT, RIGHT, CENTRE = "<", ">", "^"
_GAP = "  "


def shorten(text: str, width: int) -> str:
    """Return the text, cut to the width with an ellipsis at its end if it is longer."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 0 else ""


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the length of the longest cell of each column."""
    return [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]


def render(header: Sequence[str], rows: Sequence[Sequence[str]], align: str = "") -> str:
    """Return the table as lines: the header, a rule, a line for each row.

    Args:
        header: the names of the columns.
        rows: as many cells each as there are columns.
        align: one of `<`, `>` and `^` for each column; columns without one go to the left.

    Raises:
        ValueError: a row has more or fewer cells than the header.
    """
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"{len(row)} cells in a table of {len(header)} columns: {row}")
    widths = column_widths([header, *rows])
    signs = align.ljust(len(header), LEFT)
    rule = ["-" * width for width in widths]
    lines = [_line(cells, widths, signs) for cells in (header, rule, *rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int], signs: str) -> str:
    padded = [
        f"{cell:{sign}{width}}" for cell, sign, width in zip(cells, signs, widths, strict=True)
    ]
    return _GAP.join(padded).rstrip()
