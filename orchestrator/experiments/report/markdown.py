"""Markdown: tables whose columns stand under each other, and numbers of a length that says enough.

Pure: no I/O, no clock, no chance.
"""

import math
from collections.abc import Iterable, Sequence

from orchestrator.experiments.statistics import Interval

NONE = "-"
"""Where there is nothing to say: no model was asked, no run found a solution."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; empty if it has no rows."""
    lines = [list(head), *([*row] for row in rows)]
    if len(lines) == 1:
        return ""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * max(3, width) for width in widths]
    return "".join(
        "| " + " | ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)) + " |\n"
        for line in [lines[0], rule, *lines[1:]]
    )


def listed(sentences: Iterable[str]) -> str:
    """Return sentences as a list; empty if there are none."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def number(value: float) -> str:
    """Return a number with three significant digits, and close to 1 with four."""
    if math.isinf(value):
        return "∞"
    if 0.99 <= value < 1:
        return f"{value:.4f}"
    if value and abs(value) < 0.001:
        return f"{value:.0e}"
    digits = 0 if not value or abs(value) >= 100 else 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(0, min(digits, 3))}f}"


def interval(found: Interval) -> str:
    """Return an estimate with where it probably lies."""
    return f"{number(found.value)} [{number(found.low)}, {number(found.high)}]"


def share(found: Interval) -> str:
    """Return a share of a whole, in per cent, with where it probably lies."""
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"


def p_value(value: float) -> str:
    """Return how surprising something is."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
