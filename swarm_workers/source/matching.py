"""Which of the old siblings is which of the new: so that a node keeps its identity through edits.

Pure: no I/O, no clock, no chance.

In this order: equal ends; equal subtrees in order; kind and name; the same but for white space;
similar words, in order; what stands alone between the same neighbours. Never two kinds.

Source: in the manner of Falleri et al., "Fine-grained and Accurate Source Code Differencing", 2014.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TypeVar

from swarm_workers.source.pieces import Piece, text_of

PAIRS_MAX = 4_000
"""Pairs whose words are compared among one list of siblings."""
SEQUENCE_MAX = 2_000
"""Siblings whose longest common sequence is sought; longer lists are matched first come."""
SIMILARITY_MIN = 0.5

_Ordered = TypeVar("_Ordered", int, str)
_WORD = re.compile(r"\w+|[^\w\s]")


def match_siblings(old: Sequence[Piece], new: Sequence[Piece]) -> dict[int, int]:
    """Return for indices of new siblings the index of the old one that each continues."""
    matching = _Matching(old, new)
    matching.equal_ends()
    matching.equal_sequence()
    matching.by_key(lambda piece: piece.digest)
    matching.by_key(lambda piece: piece.name or None)
    matching.by_key(_without_space)
    matching.by_words()
    matching.alone_between()
    return matching.found


class _Matching:
    """The pairs found so far among one list of siblings."""

    def __init__(self, old: Sequence[Piece], new: Sequence[Piece]) -> None:
        self._old = old
        self._new = new
        self.found: dict[int, int] = {}
        self._taken: set[int] = set()

    def equal_ends(self) -> None:
        shorter = min(len(self._old), len(self._new))
        head = 0
        while head < shorter and self._old[head].digest == self._new[head].digest:
            self._pair(head, head)
            head += 1
        for back in range(1, shorter - head + 1):
            if self._old[-back].digest != self._new[-back].digest:
                break
            self._pair(len(self._old) - back, len(self._new) - back)

    def equal_sequence(self) -> None:
        old, new = self._left_old(), self._left_new()
        if max(len(old), len(new)) > SEQUENCE_MAX:
            return
        before = [self._old[index].digest for index in old]
        after = [self._new[index].digest for index in new]
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for block in matcher.get_matching_blocks():
            for offset in range(block.size):
                self._pair(old[block.a + offset], new[block.b + offset])

    def by_key(self, key: Callable[[Piece], Hashable | None]) -> None:
        """Pair those of one kind and key, in their order; a key of None matches nothing."""
        waiting: dict[Hashable, list[int]] = {}
        for index in reversed(self._left_old()):
            waiting.setdefault((self._old[index].kind, key(self._old[index])), []).append(index)
        for index in self._left_new():
            own = key(self._new[index])
            same = waiting.get((self._new[index].kind, own)) if own is not None else None
            if same:
                self._pair(same.pop(), index)

    def by_words(self) -> None:
        old, new = self._left_old(), self._left_new()
        if len(old) * len(new) > PAIRS_MAX:
            return
        before = {index: Counter(_WORD.findall(self._old[index].text)) for index in old}
        after = {index: Counter(_WORD.findall(self._new[index].text)) for index in new}
        first = 0
        for right in new:
            alike = [
                (_similarity(before[left], after[right]), -left)
                for left in old[first:]
                if self._old[left].kind is self._new[right].kind
            ]
            best, negative = max(alike, default=(0.0, 0))
            if best >= SIMILARITY_MIN:
                self._pair(-negative, right)
                first = old.index(-negative) + 1

    def alone_between(self) -> None:
        """Pair what is left between two pairs of neighbours if it is one to one."""
        anchors = [(-1, -1), *self._in_order(), (len(self._old), len(self._new))]
        for (old_low, new_low), (old_high, new_high) in pairwise(anchors):
            old = [index for index in range(old_low + 1, old_high) if index not in self._taken]
            new = [index for index in range(new_low + 1, new_high) if index not in self.found]
            kinds = [self._old[index].kind for index in old]
            if kinds == [self._new[index].kind for index in new]:
                for left, right in zip(old, new, strict=True):
                    self._pair(left, right)

    def _in_order(self) -> list[tuple[int, int]]:
        pairs = sorted((left, right) for right, left in self.found.items())
        keep = longest_rise([right for _, right in pairs])
        return [pairs[index] for index in keep]

    def _left_old(self) -> list[int]:
        return [index for index in range(len(self._old)) if index not in self._taken]

    def _left_new(self) -> list[int]:
        return [index for index in range(len(self._new)) if index not in self.found]

    def _pair(self, old: int, new: int) -> None:
        self.found[new] = old
        self._taken.add(old)


def is_like(old: Piece, new: Piece) -> bool:
    """Say whether two pieces, and all beneath them, have most of their words in common."""
    if old.digest == new.digest:
        return True
    before, after = (Counter(_WORD.findall(text_of([each]))) for each in (old, new))
    return _similarity(before, after) >= SIMILARITY_MIN


def longest_rise(values: Sequence[_Ordered]) -> list[int]:
    """Return the indices of a longest strictly rising subsequence."""
    ends: list[int] = []
    tails: list[_Ordered] = []
    before: list[int | None] = []
    for index, value in enumerate(values):
        at = bisect_left(tails, value)
        before.append(ends[at - 1] if at else None)
        ends[at : at + 1] = [index]
        tails[at : at + 1] = [value]
    rise: list[int] = []
    last = ends[-1] if ends else None
    while last is not None:
        rise.append(last)
        last = before[last]
    return rise[::-1]


def _without_space(piece: Piece) -> str | None:
    return "".join(text_of([piece]).split()) or None


def _similarity(left: Counter[str], right: Counter[str]) -> float:
    """Return the share of words that two texts have in common (Dice), from 0 to 1."""
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0
