"""What there is to find: all facts that reading every source for every question brings.

Counted beforehand, so that it can be said how much of it agents found with what they may spend.
"""

from collections.abc import Sequence

from swarm_workers.agents.research.strategy import read
from swarm_workers.agents.research.view import Reading
from swarm_workers.agents.research.words import Question
from swarm_workers.problems.research.corpus.library import Library
from swarm_workers.problems.research.judging import judge

RARITY = (8, 150)
"""By so many sources a word is used that is worth a question."""


def facts_reachable(
    library: Library, topic: str, questions: Sequence[Question], *, questions_max: int, sources: int
) -> int:
    """Return how many distinct facts are found by one who reads all there is to be read.

    Questions are taken in the order in which they come up; agents who are many take them in
    another, and may find a few more. Blocks for some hundred readings: tenths of a second.

    Args:
        library: what is read.
        topic: of the questions.
        questions: to begin with.
        questions_max: no more are taken up than up to this number.
        sources: read for each question.
    """
    rarity = library.spread(*RARITY)
    agenda, found, place = list(questions), set[str](), 0
    while place < len(agenda):
        question = agenda[place]
        known: set[str] = set()
        for source in library.rank(question.terms, sources):
            document = library.read(source)
            reading = Reading(
                topic=topic,
                question=question,
                source=source,
                title=document.title,
                text=document.text,
                known=frozenset(known),
                open_questions=tuple(agenda),
                rarity=rarity,
            )
            judged = judge(read(reading), reading)
            found.update(fact.key for fact in judged.facts)
            known.update(" ".join(fact.quotation.split()) for fact in judged.facts)
            keys = {each.key for each in agenda}
            new = (each for each in judged.questions if each.key not in keys)
            agenda = [*agenda, *new][: max(questions_max, len(agenda))]
        place += 1
    return len(found)
