"""Whether a report holds: each sentence cites sources, each quotation stands in its source.

It shares no code with those who find facts, judge them or write the report: it reads the page as a
person would. Pure: no I/O, no clock, no chance.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

_NOTE = re.compile(r"^\[(\d+)\] `([^`]+)`: (\".*\")$")
_SENTENCE = re.compile(r"^- (.*?) ((?:\[\d+\])+)$")
_UNANSWERED = "## What was not found"


@dataclass(frozen=True, slots=True)
class Check:
    """What looking up every quotation of a report showed."""

    sentences: int
    """Sentences that the report states."""
    quotations: int
    """Quotations that it gives."""
    faults: tuple[str, ...]
    """What is wrong, a sentence each; empty if all of it holds."""


def check_report(page: str, read: Callable[[str], str]) -> Check:
    """Look up every quotation of a report.

    Args:
        page: the report, as markdown.
        read: returns the text of a source by its id, or raises LookupError.
    """
    body, _, sources = page.partition("\n## Sources\n")
    notes: dict[str, tuple[str, str]] = {}
    faults: list[str] = []
    for line in filter(None, sources.split("\n")):
        match = _NOTE.match(line)
        if match is None:
            faults.append(f"no source can be made out in {line[:80]!r}")
        else:
            notes[match[1]] = (match[2], json.loads(match[3]))
    faults += [fault for each in notes.values() if (fault := _why_not(*each, read))]
    stated = [line for line in body.partition(_UNANSWERED)[0].split("\n") if line.startswith("- ")]
    cited = [_cited(line) for line in stated]
    faults += [
        f"{line[:80]!r} cites no source"
        for line, used in zip(stated, cited, strict=True)
        if not used
    ]
    unknown = sorted({number for used in cited for number in used} - notes.keys(), key=int)
    faults += [f"source [{number}] is cited and not listed" for number in unknown]
    return Check(len(stated), len(notes), tuple(faults))


def _cited(line: str) -> list[str]:
    match = _SENTENCE.match(line)
    return [] if match is None else re.findall(r"\d+", match[2])


def _why_not(source: str, quotation: str, read: Callable[[str], str]) -> str:
    try:
        text = read(source)
    except LookupError:
        return f"there is no source '{source}'"
    return "" if quotation in text else f"{quotation[:80]!r} does not stand in '{source}'"
