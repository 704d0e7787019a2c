"""The kinds of topics that researchers are compared on, and the task on one of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from orchestrator.errors import UsageError
from swarm_workers.problems.research.corpus.library import Library
from swarm_workers.problems.research.errors import NothingToReadError
from swarm_workers.problems.research.reach import facts_reachable
from swarm_workers.problems.research.topics import Topic, draw_topic, topic_in_words
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
_ENOUGH = re.compile(r"#(\d{1,9})\s*$")
_FACTS_MAX = 100_000
"""That can be asked for; there are some hundred about a topic."""


@lru_cache(maxsize=512)
def topic_task(instance: str, seed: int, library: Library) -> ResearchTask:
    """Return the task on a topic that a seed has drawn, or on one in a person's own words.

    How many turns there are is to be filled in. Blocks for tenths of a second; kept.

    Either may end in `#` and a number of facts that are enough, such as `wide#20`: then agents read
    no more, and the report is written.

    Raises:
        UsageError: there is no such kind of topic, nothing to read about it, or no such number.
    """
    name, facts_wanted = _split(instance)
    breadth, topic = _topic(name, seed, library)
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
        facts_wanted=facts_wanted,
    )


def _split(instance: str) -> tuple[str, int]:
    """Return what to find out about, and how many facts are enough; 0 means as many as there are.

    A `#` that no number follows belongs to the question.
    """
    found = _ENOUGH.search(instance)
    if found is None:
        return instance.strip(), 0
    facts = int(found[1])
    if not 1 <= facts <= _FACTS_MAX:
        raise UsageError(f"'{instance}' wants {facts} facts; give 1 to {_FACTS_MAX:,} after the #")
    return instance[: found.start()].strip(), facts


def _topic(name: str, seed: int, library: Library) -> tuple[Breadth, Topic]:
    if name in INSTANCES:
        breadth = INSTANCES[name]
        return breadth, draw_topic(library, seed, questions=breadth.questions)
    if " " in name:
        return _OWN, topic_in_words(name)
    known = ", ".join(INSTANCES)
    raise UsageError(
        f"there is no kind of topic '{name}'; choose {known}, or ask a question in words"
    )
