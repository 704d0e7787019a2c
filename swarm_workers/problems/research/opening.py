"""A research swarm as one worker process holds it: the library, and what it has found out of it."""

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import Engine
from typing_extensions import override

from swarm_workers.agents.research.words import Question, asked
from swarm_workers.problems.iterative import IterativeSwarm
from swarm_workers.problems.opening import Workshop
from swarm_workers.problems.research.corpus.library import Library
from swarm_workers.problems.research.corpus.machine import extended_library, machine_library
from swarm_workers.problems.research.corpus.named import documents_in
from swarm_workers.problems.research.desk import Desk
from swarm_workers.problems.research.errors import CorpusDiffersError
from swarm_workers.problems.research.problem import ReadingRoom, ResearchProblem
from swarm_workers.problems.research.reach import RARITY
from swarm_workers.problems.research.synthesis import SynthesisProblem
from swarm_workers.protocols import Problem
from swarm_workers.source.store import SourceStore
from tasks_schema.ids import agent_id
from tasks_schema.kinds import AgentKind, Mode
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask

LIBRARIES_OPEN_MAX = 8


class OpenResearch(IterativeSwarm):
    """One research swarm in one process. Libraries are shared by all swarms that read them."""

    def __init__(self, spec: SwarmSpec, workshop: Workshop) -> None:
        """Hold the parts. The first turn opens the library: if that fails, its report says why."""
        super().__init__(spec, workshop)
        assert isinstance(spec.task, ResearchTask), f"{spec.swarm_id} is no research"
        self._task: ResearchTask = spec.task
        self._home = workshop.settings.home
        self._engine = workshop.engine
        self._asked = tuple(asked(text) for text in spec.task.questions or (spec.task.topic,))
        self._clock = workshop.clock
        self._ranked: dict[str, tuple[str, ...]] = {}

    @override
    def problem(self, agent: str) -> Problem[Any, Any, Any]:
        """Return the problem as this agent sees it for one turn."""
        if agent.startswith(AgentKind.SYNTHESIZER):
            return SynthesisProblem(self.spec, self.shared, self._desks(), self.library)
        return ResearchProblem(self.spec, agent, self.desk(agent), partial(self._room, agent))

    def library(self) -> Library:
        """Return what is read, which is made first where this machine has none: that blocks.

        Raises:
            CorpusDiffersError: this machine's documents are not those of the swarm.
        """
        return _library(self._home, self._task, self._engine)

    def _room(self, agent: str) -> ReadingRoom:
        library = self.library()
        ranked = partial(self._ranked_for, agent) if self._task.is_dealt else self.ranked
        return ReadingRoom(library, ranked, _rarity(library), self._clock)

    def _ranked_for(self, agent: str, question: Question) -> tuple[str, ...]:
        """Return the sources for a question that fall to one agent."""
        agents = self.spec.agents
        return tuple(each for each in self.ranked(question) if _falls_to(each, agent, agents))

    def _desks(self) -> list[Desk]:
        """Return a desk for each part of the swarm that knows results of its own."""
        is_shared = self._task.sharing.has_results and self.spec.mode is not Mode.PARALLEL
        count = 1 if is_shared else self.spec.agents
        return [self.desk(agent_id(self.spec.kind, index)) for index in range(count)]

    def desk(self, agent: str) -> Desk:
        """Return the variables that this agent shares: with its part of the swarm, or with none."""
        part, own = self.spec.part(agent), f"{agent}/"
        return Desk(
            self.shared.stm,
            agent,
            results=part if self._task.sharing.has_results else own,
            tracks=part if self._task.sharing.has_tracks else own,
            asked=self._asked,
        )

    def ranked(self, question: Question) -> tuple[str, ...]:
        """Return the sources for a question, the best first."""
        if question.key not in self._ranked:
            count = self._task.sources_per_question
            self._ranked[question.key] = self.library().rank(question.terms, count)
        return self._ranked[question.key]


def _falls_to(source: str, agent: str, agents: int) -> bool:
    """Say whether a source is this agent's, where sources are dealt out."""
    return crc32(source.encode()) % agents == int(agent.rpartition("-")[2])


def _library(home: Path, task: ResearchTask, engine: Engine) -> Library:
    """Return the library that a task names.

    Raises:
        CorpusDiffersError: this machine's documents are not those of the task.
    """
    key = (task.documents_branch, task.documents_landing)
    library = (
        _named_library(home, *key, engine) if task.documents_branch else _machine_library(home)
    )
    if task.library and library.digest != task.library:
        raise CorpusDiffersError(task.library, library.digest)
    return library


@lru_cache(maxsize=1)
def _machine_library(home: Path) -> Library:
    return machine_library(home)


@lru_cache(maxsize=LIBRARIES_OPEN_MAX)
def _named_library(home: Path, branch: str, landing: int, engine: Engine) -> Library:
    tree = SourceStore(engine).checkout(branch, landing)
    return extended_library(home, _machine_library(home), documents_in(tree))


@lru_cache(maxsize=LIBRARIES_OPEN_MAX)
def _rarity(library: Library) -> Mapping[str, int]:
    return library.spread(*RARITY)
