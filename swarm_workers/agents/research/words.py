"""Questions, and the terms that an answer to one has to use.

Pure: no I/O, no clock, no chance.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

TERMS_NEEDED = 2
"""So many terms of a question an answer uses at least; all of them where it has fewer."""
TERMS_MAX = 8
_TERM_CHARACTERS_MIN = 3
_WORD = re.compile(r"[a-z0-9]+")
_ENDINGS = (("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ies", ""), ("s", ""))
STOP_WORDS = frozenset({
    "about", "after", "against", "all", "also", "and", "any", "are", "because", "been",
    "before", "being", "between", "both", "but", "can", "cannot", "could", "did", "does",
    "doing", "done", "each", "either", "else", "every", "few", "for", "from", "further", "get",
    "gets", "give", "had", "has", "have", "having", "help", "how", "into", "its", "itself",
    "just", "like", "make", "makes", "many", "may", "might", "more", "most", "much", "must",
    "need", "needs", "not", "off", "once", "one", "only", "other", "others", "our", "out",
    "over", "own", "per", "same", "several", "shall", "she", "should", "since", "some", "such",
    "than", "that", "the", "their", "them", "themselves", "then", "there", "these", "they",
    "this", "those", "through", "together", "too", "two", "under", "until", "upon", "use",
    "used", "uses", "using", "very", "via", "was", "way", "well", "were", "what", "when",
    "where", "whether",
    "which", "while", "who", "whom", "whose", "why", "will", "with", "within", "without",
    "would", "you", "your",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """Something to find out."""

    key: str
    """The same for all questions of the same terms."""
    text: str
    terms: tuple[str, ...]
    """Beginnings of words; the first is what it is about."""
    depth: int = 0
    """0 if a person asked it; n + 1 if it came up in answering one of depth n."""


def asked(text: str, depth: int = 0) -> Question:
    """Return the question that a text asks.

    Args:
        text: in anybody's words.
        depth: how many questions it came up behind; 0 if a person asked it.
    """
    terms = terms_of(text)
    digest = sha256(" ".join(sorted(terms)).encode())
    return Question(digest.hexdigest()[:12], text, terms, depth)


def terms_of(text: str) -> tuple[str, ...]:
    """Return the terms of a text in its order, without those that say nothing."""
    words = (word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS)
    stems = (_stem(word) for word in words)
    kept = (stem for stem in stems if len(stem) >= _TERM_CHARACTERS_MIN)
    return tuple(dict.fromkeys(kept))[:TERMS_MAX]


def _stem(word: str) -> str:
    """Return what a noun and its plural begin with: `queries` is `quer`, `classes` is `class`."""
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and not word.endswith(("ss", "us", "is")):
            return word.removesuffix(ending) + rest
    return word
