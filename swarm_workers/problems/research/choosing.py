"""What to read next: the most promising pairs of an open question and a source that nobody read.

Pure but for the chance that is handed in.
"""

import random
from collections import Counter
from collections.abc import Callable
from math import log

from swarm_workers.agents.research.words import Question
from swarm_workers.problems.research.desk import Standing
from swarm_workers.problems.research.records import ANSWERS_MAX, Pair

RANK_DISCOUNT = 0.03
"""How much less is hoped of each source further down the list of a question."""
VARIETY = 2.0
"""The power of its hope with which a varied reader takes a pair."""

Ranked = Callable[[Question], tuple[str, ...]]
"""The sources for a question, the best first."""


def best_first(
    standing: Standing, ranked: Ranked, chance: random.Random, *, is_varied: bool
) -> list[Pair]:
    """Return the pairs that are open, the one to read first.

    Hope grows with what readings for the question have brought so far, and with what the source has
    brought for other questions; it shrinks down the list of the question. Chance decides among
    equals.

    Args:
        standing: what has been read, as this agent knows.
        ranked: sources by question.
        chance: of this turn.
        is_varied: True to draw pairs with a probability that grows with what is hoped of them, so
            that agents who do not know of each other seldom take the same; False to take the best.
    """
    hopes = _hopes(standing, ranked)
    chance.shuffle(hopes)
    if is_varied:
        # The order in which weighted draws without replacement would bring them.
        hopes = [(log(chance.random() or 1e-300) / hope**VARIETY, pair) for hope, pair in hopes]
    return [pair for _, pair in sorted(hopes, key=lambda each: -each[0])]


def _hopes(standing: Standing, ranked: Ranked) -> list[tuple[float, Pair]]:
    """Return all open pairs with what is hoped of each, in a fixed order."""
    brought, readings = Counter[str](), Counter[str]()
    for shelf in standing.shelves:
        brought.update(dict(shelf.read))
        readings.update(source for source, _ in shelf.read)
    hopes = []
    for question, shelf in zip(standing.agenda, standing.shelves, strict=True):
        if shelf.found >= ANSWERS_MAX:
            continue
        of_question = _yield(shelf.found, len(shelf.read))
        taken = shelf.taken
        for place, source in enumerate(ranked(question)):
            if source not in taken:
                of_source = _yield(brought[source], readings[source])
                hope = of_question * of_source / (1 + RANK_DISCOUNT * place)
                hopes.append((hope, Pair(question, source)))
    return hopes


def _yield(facts: int, readings: int) -> float:
    """Return how many new facts one more reading may bring, going by those so far; 1 at first."""
    return (facts + 1) / (readings + 1)
