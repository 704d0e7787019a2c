"""The kinds of topics that researchers are compared on, and the task on one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from orchestrator.errors import UsageError
from swarm_workers.problems.research.corpus.library import Library
from swarm_workers.problems.research.errors import NothingToReadError
from swarm_workers.problems.research.reach import facts_reachable
from swarm_workers.problems.research.topics import draw_topic, topic_in_words
from tasks_schema.messages.task import ResearchTask

_SOURCES = 16
"""Worth reading for one question."""
SOURCE_SECONDS = 0.03
"""What it takes to fetch a source over a network that is near; emulated, so that no run depends on
one. From the disk of this machine a source takes a millisecond: less than telling the others."""


@dataclass(frozen=True, slots=True)
class Breadth:
    """A kind of topic."""

    questions: int
    """To begin with."""
    questions_max: int
    is_varied: bool = False
    """Whether agents draw what to read next, instead of taking what promises most."""
    is_dealt: bool = False
    """Whether sources are dealt out to agents beforehand."""
    source_seconds: float = SOURCE_SECONDS
    """Emulated for each reading."""


INSTANCES: Mapping[str, Breadth] = {
    "wide": Breadth(12, 24),
    "wide-varied": Breadth(12, 24, is_varied=True),
    "wide-local": Breadth(12, 24, source_seconds=0.0),
    "wide-dealt": Breadth(12, 24, is_dealt=True),
    "narrow": Breadth(6, 12),
}
QUICK = ("wide", "narrow")
_OWN = Breadth(1, 24, source_seconds=0.0)
"""Of a person's own question."""


@lru_cache(maxsize=512)
def topic_task(instance: str, seed: int, library: Library) -> ResearchTask:
    """Return the task on a topic that a seed has drawn, or on one in a person's own words.

    How many turns there are is to be filled in. Blocks for tenths of a second; kept.

    Raises:
        UsageError: there is no such kind of topic, or nothing to read about it.
    """
    if instance in INSTANCES:
        breadth = INSTANCES[instance]
        topic = draw_topic(library, seed, questions=breadth.questions)
    elif " " in instance.strip():
        breadth, topic = _OWN, topic_in_words(instance.strip())
    else:
        known = ", ".join(INSTANCES)
        raise UsageError(
            f"there is no kind of topic '{instance}'; choose {known}, or ask a question in words"
        )
    reachable = facts_reachable(
        library,
        topic.subject,
        topic.questions,
        questions_max=breadth.questions_max,
        sources=_SOURCES,
    )
    if not reachable:
        raise UsageError(str(NothingToReadError(topic.subject)))
    return ResearchTask(
        description=f"find out about {topic.subject}",
        iterations=1,
        topic=topic.subject,
        questions=tuple(each.text for each in topic.questions),
        questions_max=breadth.questions_max,
        sources_per_question=_SOURCES,
        is_varied=breadth.is_varied,
        is_dealt=breadth.is_dealt,
        source_seconds=breadth.source_seconds,
        facts_reachable=reachable,
        library=library.digest,
    )
