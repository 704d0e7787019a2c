"""New questions that the answers to one raise.

Pure: no I/O, no clock, no chance.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from swarm_workers.agents.research.view import QUESTIONS_MAX
from swarm_workers.agents.research.words import STOP_WORDS, Question, asked

DEPTH_MAX = 3
"""Questions of this depth raise no others: what comes up so late leads away from the topic."""
WORD_CHARACTERS_MIN = 5
_WORD = re.compile(r"[a-z]+")


def raised(
    parent: Question,
    quotations: Sequence[str],
    rarity: Mapping[str, int],
    known: Sequence[Question],
) -> tuple[Question, ...]:
    """Return questions about the words that these answers use most and few sources use at all.

    Args:
        parent: the question that they answer. Its first term stays what it is all about.
        quotations: the answers.
        rarity: words worth a question, by the number of sources that use them.
        known: questions that need not be asked again.
    """
    if parent.depth >= DEPTH_MAX or not parent.terms:
        return ()
    subject = parent.terms[0]
    taken = {term for each in (parent, *known) for term in each.terms}
    counts = Counter(word for each in quotations for word in set(_WORD.findall(each.lower())))
    words = [word for word in counts if _is_worth_asking(word, rarity, taken)]
    words.sort(key=lambda word: (-counts[word], rarity[word], word))
    return tuple(about(subject, word, parent.depth + 1) for word in words[:QUESTIONS_MAX])


def about(subject: str, word: str, depth: int = 0) -> Question:
    """Return the question of what one thing has to do with another."""
    return asked(f"How does {subject} go together with {word}?", depth)


def _is_worth_asking(word: str, rarity: Mapping[str, int], taken: set[str]) -> bool:
    return (
        len(word) >= WORD_CHARACTERS_MIN
        and word in rarity
        and word not in STOP_WORDS
        and not any(word.startswith(term) or term.startswith(word) for term in taken)
    )
