"""What to read next: the most promising pairs of an open question and a source that nobody read.

Pure but for the chance that is handed in.
"""

import random
from collections.abc import Callable
from math import log

from swarm_workers.agents.research.words import Question
from swarm_workers.problems.research.desk import Standing
from swarm_workers.problems.research.records import ANSWERS_MAX, Pair, Shelf

RANK_DISCOUNT = 0.1
"""How much less is hoped of each source further down the list of a question."""
VARIETY = 2.0
"""The power of its hope with which a varied reader takes a pair."""

Ranked = Callable[[Question], tuple[str, ...]]
"""The sources for a question, the best first."""


def best_first(
    standing: Standing, ranked: Ranked, chance: random.Random, *, is_varied: bool
) -> list[Pair]:
    """Return the pairs that are open, the one to read first.

    What is hoped of a pair is what readings for its question have brought so far, less for sources
    further down its list. Chance decides among equals.

    Args:
        standing: what has been read, as this agent knows.
        ranked: sources by question.
        chance: of this turn.
        is_varied: True to draw pairs with a probability that grows with what is hoped of them, so
            that agents who do not know of each other seldom take the same; False to take the best.
    """
    hopes = [
        (_yield(shelf) / (1 + RANK_DISCOUNT * place), Pair(question, source))
        for question, shelf in zip(standing.agenda, standing.shelves, strict=True)
        if shelf.found < ANSWERS_MAX
        for place, source in _open(ranked(question), shelf, is_varied=is_varied)
    ]
    chance.shuffle(hopes)
    if is_varied:
        # The order in which weighted draws without replacement would bring them.
        hopes = [(log(chance.random() or 1e-300) / hope**VARIETY, pair) for hope, pair in hopes]
    return [pair for _, pair in sorted(hopes, key=lambda each: -each[0])]


def _open(ranked: tuple[str, ...], shelf: Shelf, *, is_varied: bool) -> list[tuple[int, str]]:
    """Return the sources that are left and their places; the best of them where only it matters."""
    taken = {*shelf.read, *(source for _, source in shelf.claimed)}
    left = [(place, source) for place, source in enumerate(ranked) if source not in taken]
    return left if is_varied else left[:1]


def _yield(shelf: Shelf) -> float:
    """Return how many new facts a reading for this question may bring, going by those so far."""
    return (shelf.found + 1) / (len(shelf.read) + 1)
