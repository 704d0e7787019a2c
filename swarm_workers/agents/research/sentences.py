"""Sentences of a source that answer a question, as they stand there.

Pure: no I/O, no clock, no chance.
"""

import re
from collections.abc import Iterator

from swarm_workers.agents.research.words import TERMS_NEEDED

CHARACTERS_MIN = 40
CHARACTERS_MAX = 400
_WORDS_MIN = 6
_LETTERS_SHARE_MIN = 0.7
_PARAGRAPH = re.compile(r"\S(?:.*\n(?!\s*\n))*.*")
_SENTENCE = re.compile(
    r"(?:(?<=\s)|^)[A-Z`*\"'(:]"  # begins like one
    r"[^.!?]*(?:[.!?](?![\s)]|$)[^.!?]*)*"  # a point inside a name or a number does not end it
    r"[.!?](?=\s|$|\))"
)
_CODE = re.compile(r">>>|\.\.\. |==|::\s*$|[{}<>]\s*\n|^\s*[-+=~^*#|]{3,}", re.MULTILINE)
_MARKUP = re.compile(r":[a-z:]+:`~?\.?([^`]+)`|`{1,2}([^`]+)`{1,2}_?|\*\*?([^*\s][^*]*)\*\*?")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text as slices of it, in its order; nothing that looks like code."""
    for paragraph in _PARAGRAPH.findall(text):
        if _CODE.search(paragraph):
            continue
        for match in _SENTENCE.finditer(paragraph):
            if _is_statement(match.group()):
                yield match.group()


def answers(text: str, terms: tuple[str, ...]) -> list[str]:
    """Return the sentences that use enough of the terms: those that use the most come first."""
    needed = min(TERMS_NEEDED, len(terms))
    pattern = re.compile(
        r"(?<![A-Za-z0-9])(" + "|".join(map(re.escape, terms)) + ")", re.IGNORECASE
    )
    found: list[tuple[int, str]] = []
    for sentence in sentences(text):
        used = {match.group(1).lower() for match in pattern.finditer(sentence)}
        if len(used) >= needed:
            found.append((len(used), sentence))
    return [sentence for _, sentence in sorted(found, key=lambda each: -each[0])]


def plain(quotation: str) -> str:
    """Return a quotation as a person would say it: on one line, without markup."""
    text = _MARKUP.sub(lambda match: next(filter(None, match.groups())), quotation)
    return " ".join(text.split())


def _is_statement(sentence: str) -> bool:
    size = len(sentence)
    if not CHARACTERS_MIN <= size <= CHARACTERS_MAX or len(sentence.split()) < _WORDS_MIN:
        return False
    letters = sum(each.isalpha() or each.isspace() for each in sentence)
    return letters >= _LETTERS_SHARE_MIN * size
