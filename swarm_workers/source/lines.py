"""Lines as Python and editors see them: ended by CR LF, CR or LF, and by nothing else.

Pure: no I/O, no clock, no chance.
"""

import re

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def split_lines(text: str) -> list[str]:
    """Return the lines with their ends; joined, they are the text again.

    `str.splitlines` would also cut at form feeds and at U+2028, which are no line ends to Python.
    """
    return _LINE.findall(text)


def is_blank(line: str) -> bool:
    """Say whether a line holds nothing but white space."""
    return not line.strip()
