"""Research as an experiment: which topics, how large a run, and what came of it.

A topic is drawn by the seed of a run from the library of this machine, so that what there is to
find about it can be counted. In mode `parallel` nobody tells anybody anything, but a person could
put the agents' facts together at the end, at no cost: so its quality is that of all of them
together, each fact once, and not that of the best one, which `detail` has as well.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.naming import Named, name_documents
from orchestrator.experiments.tasks.protocol import AttemptRow, Measures, Point, began
from orchestrator.experiments.tasks.research_topics import (
    INSTANCES,
    QUICK,
    SOURCE_SECONDS,
    topic_task,
)
from orchestrator.settings import OrchestratorSettings
from swarm_workers.problems.research.checking import check_report
from swarm_workers.problems.research.corpus.library import Library
from swarm_workers.problems.research.corpus.machine import extended_library, machine_library
from swarm_workers.problems.research.topics import question_keys
from tasks_schema.kinds import AgentKind, Sharing
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask

GOAL_SHARE = 0.4
"""A run has reached its goal with this share of the facts that there are, or with as many as a
person said are enough."""


class ResearchExperiment:
    """Topics of two breadths, for agents that take the best next; and opponents that are stronger.

    Agents that *vary* what they read seldom meet at a source even where they know nothing of each
    other. Agents to whom sources are *dealt* out beforehand never do: what they lack is questions
    that others have raised, and turns where their share is barren.
    """

    name = "research"
    quality_name = "distinct supported facts"
    redundant_name = "readings of a source for a question that the run had read it for before"
    goal_name = (
        f"{GOAL_SHARE:.0%} of the facts that there are, counted beforehand by reading every "
        "source for every question"
    )
    remarks = (
        (
            f"To fetch a source takes {SOURCE_SECONDS * 1000:g} ms, which are emulated, on all "
            "instances but `wide-local`. Seconds rest on it, and so does coordination's share of "
            "them: `wide-local` shows both where all sources lie on the own disk."
        ),
        (
            "`wide`, `wide-varied`, `wide-local` and `wide-dealt` have the same topics, drawn by "
            "the seed. They differ in how agents choose what to read, or in what fetching takes, "
            "so they are not four findings that are independent of each other."
        ),
        (
            "A turn reads one source. Turns are so many that all together read most of what a wide "
            "topic has; those of one agent do not."
        ),
    )
    kind = AgentKind.RESEARCHER

    def __init__(self, named: Named | None = None) -> None:
        """Name what is read beside the library of this machine; nothing is opened."""
        self._named = named

    def instances(self, *, quick: bool) -> tuple[str, ...]:
        """Return the names of the kinds of topics."""
        return QUICK if quick else tuple(INSTANCES)

    def size(self, *, quick: bool) -> Size:
        """Return a size at which all turns together read most of what a wide topic has."""
        return Size(agents=8, iterations=8) if quick else Size(agents=8, iterations=12)

    def spec(self, instance: str, seed: int, cell: Cell) -> ResearchTask:
        """Return the task on a topic that the seed has drawn, or on one in a person's own words.

        Raises:
            UsageError: there is no such kind of topic, or nothing to read about it.
        """
        task = topic_task(instance, seed, self._library())
        if self._named is not None:
            branch, landing = self._named.branch, self._named.landing
            task = task.model_copy(
                update={"documents_branch": branch, "documents_landing": landing}
            )
        return task.model_copy(
            update={
                "iterations": cell.iterations,
                "sharing": Sharing(cell.sharing),
                "round_trip_seconds": cell.round_trip_seconds,
            }
        )

    def reading(self, sources: tuple[str, ...], corpus: tuple[str, ...]) -> "ResearchExperiment":
        """Return the task with more to read: fetched now, and recorded for all workers.

        Raises:
            UsageError: one of them cannot be read.
        """
        return ResearchExperiment(name_documents(sources, corpus))

    def measure(self, spec: SwarmSpec, attempts: Sequence[AttemptRow]) -> Measures:
        """Return what came of a run: the facts that all of its agents found, each once."""
        assert isinstance(spec.task, ResearchTask), f"swarm {spec.swarm_id} is no research"
        readings = [each for each in attempts if each.findings.get("source")]
        pairs = [(each.findings["question"], each.findings["source"]) for each in readings]
        return Measures.along(
            tuple(_curve(readings, began(attempts))),
            attempts,
            goal=spec.task.facts_wanted or spec.task.facts_reachable * GOAL_SHARE or None,
            evaluations=len(readings),
            redundant=_repeated(pairs),
            detail=_detail(spec.task, readings) | self._reported(attempts),
        )

    def _library(self) -> Library:
        base = _machine_library(OrchestratorSettings().home)
        return base if self._named is None else _extended(base, self._named)

    def _reported(self, attempts: Sequence[AttemptRow]) -> dict[str, JsonValue]:
        """Return what looking up every quotation of the report showed; empty without a report."""
        pages = [str(each.findings["report"]) for each in attempts if each.findings.get("report")]
        if not pages:
            return {}
        library = self._library()
        found = check_report(pages[-1], lambda source: library.read(source).text)
        return {
            "sentences": found.sentences,
            "quotations": found.quotations,
            "faults": list(found.faults),
            "faults_count": len(found.faults),
        }


@lru_cache(maxsize=1)
def _machine_library(home: Path) -> Library:
    return machine_library(home)


@lru_cache(maxsize=2)
def _extended(base: Library, named: Named) -> Library:
    return extended_library(OrchestratorSettings().home, base, named.documents)


def _curve(readings: Sequence[AttemptRow], start: float) -> Iterator[Point]:
    """Yield a point wherever a reading brought a fact that none had brought before."""
    found: set[str] = set()
    for count, each in enumerate(readings, 1):
        before = len(found)
        found.update(_facts(each))
        if len(found) > before:
            yield Point(count, each.ended_seconds - start, float(len(found)))


def _facts(reading: AttemptRow) -> list[str]:
    return [str(key) for key in reading.findings.get("facts", ())]


def _repeated(done: Sequence[object]) -> float:
    """Return the share of what was done that had been done before: 0 to 1."""
    return 1 - len(set(done)) / len(done) if done else 0.0


def _detail(task: ResearchTask, readings: Sequence[AttemptRow]) -> dict[str, JsonValue]:
    by_agent: dict[str, set[str]] = {}
    answered = set()
    for each in readings:
        by_agent.setdefault(each.agent, set()).update(_facts(each))
        if _facts(each):
            answered.add(str(each.findings["question"]))
    sources = [str(each.findings["source"]) for each in readings]
    initial = question_keys(task.questions or (task.topic,))
    return {
        "reachable": task.facts_reachable,
        "best_agent": max(map(len, by_agent.values()), default=0),
        "questions": len(initial),
        "questions_answered": len(initial & answered),
        "sources": len(set(sources)),
        "sources_twice": _repeated(sources),
        "refused": sum(int(each.findings.get("refused", 0)) for each in readings),
        "library": task.library,
    }


TASK = ResearchExperiment()
