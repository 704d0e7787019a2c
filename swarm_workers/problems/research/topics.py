"""Topics drawn from a library by a seed: a subject that many of its sources mention, and questions.

What there is to find about such a topic can be counted, so that agents can be compared on it. A
person's own topic needs none of this.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log

from swarm_workers.agents.research.raising import WORD_CHARACTERS_MIN, about
from swarm_workers.agents.research.sentences import sentences
from swarm_workers.agents.research.words import STOP_WORDS, Question, asked
from swarm_workers.problems.research.corpus.library import Library

SUBJECT_SOURCES = (40, 200)
"""A subject is mentioned by so many sources: fewer hold too little, more are no subject."""
COMPANION_SOURCES = (8, 400)
SOURCES_READ = 60
"""Sources that are looked through for what a subject is mentioned together with."""
COMPANION_SENTENCES_MIN = 2
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject, and questions about it."""

    subject: str
    questions: tuple[Question, ...]


def topic_in_words(text: str) -> Topic:
    """Return the topic of a question that a person asks."""
    return Topic(text, (asked(text),))


def question_keys(texts: Iterable[str]) -> frozenset[str]:
    """Return the keys by which findings name these questions."""
    return frozenset(asked(text).key for text in texts)


def draw_topic(library: Library, seed: int, *, questions: int) -> Topic:
    """Return the topic that a seed stands for; the same library gives the same topic.

    Args:
        library: where it can be read about.
        seed: which of the many.
        questions: how many to begin with; subjects with fewer are passed over.

    Raises:
        LookupError: the library has no subject with so many questions.
    """
    subjects = _subjects(library)
    random.Random(seed).shuffle(subjects)  # noqa: S311 - a draw that can be repeated, not a secret
    spread = library.spread(*COMPANION_SOURCES)
    for subject in subjects:
        words = _companions(library, subject, spread)
        if len(words) >= questions:
            return Topic(subject, tuple(about(subject, word) for word in words[:questions]))
    raise LookupError(f"no subject of this library has {questions} questions")


def _subjects(library: Library) -> list[str]:
    """Return words that many sources use and some are named after, sorted."""
    named = Counter(word for name in library.ids() for word in set(_WORD.findall(name.lower())))
    spread = library.spread(*SUBJECT_SOURCES)
    return sorted(
        word
        for word in spread
        if len(word) >= WORD_CHARACTERS_MIN and named[word] > 1 and word not in STOP_WORDS
    )


def _companions(library: Library, subject: str, spread: Mapping[str, int]) -> list[str]:
    """Return words that stand in one sentence with the subject in several sources, best first."""
    counts: Counter[str] = Counter()
    for source in library.rank((subject,), SOURCES_READ):
        counts.update(set(_beside(subject, library.read(source).text)))
    total = len(library)
    good = [word for word in counts if counts[word] >= COMPANION_SENTENCES_MIN and word in spread]
    good.sort(key=lambda word: (-counts[word] * log(total / spread[word]), word))
    kept: list[str] = []
    for word in good:
        if not any(word.startswith(other) or other.startswith(word) for other in kept):
            kept.append(word)
    return kept


def _beside(subject: str, text: str) -> Iterator[str]:
    for sentence in sentences(text):
        words = set(_WORD.findall(sentence.lower()))
        if not any(word.startswith(subject) for word in words):
            continue
        yield from (
            word
            for word in words
            if len(word) >= WORD_CHARACTERS_MIN
            and word not in STOP_WORDS
            and not word.startswith(subject)
            and not subject.startswith(word)
        )
