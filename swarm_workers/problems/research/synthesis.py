"""Research, as the synthesizer sees it: it waits until there are facts enough, and reports them.

The wait is a transaction that retries: it blocks until a counter that it read changes, and costs
nothing meanwhile but the slot that the turn holds. So the turn is handed out when all others are,
and waits for those under way at most `WAIT_SECONDS`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from typing_extensions import override

from swarm_workers.agents.research.report import Material, Section, Sentence, Support
from swarm_workers.agents.research.words import Question
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.iterative import IterativeProblem
from swarm_workers.problems.research.checking import check_report
from swarm_workers.problems.research.corpus.library import Library
from swarm_workers.problems.research.desk import Desk
from swarm_workers.problems.research.records import Fact
from swarm_workers.protocols import Costs, Evaluation, Findings, Turn
from swarm_workers.stm import TransactionTimeoutError, check
from tasks_schema.kinds import SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask

WAIT_SECONDS = 20.0
"""The longest that readings under way are waited for; one that died takes longer to come back."""


class SynthesisProblem(IterativeProblem[Material, Material, str]):
    """The turn that writes the report and ends the swarm."""

    def __init__(
        self,
        spec: SwarmSpec,
        shared: SharedState,
        desks: Sequence[Desk],
        library: Callable[[], Library],
    ) -> None:
        """Hold the parts.

        Args:
            spec: of the swarm.
            shared: its state, which this turn ends.
            desks: one for each part of the swarm: researchers who know nothing of each other are
                reported together, which costs them nothing.
            library: opens what their quotations are looked up in.
        """
        assert isinstance(spec.task, ResearchTask)
        self._task: ResearchTask = spec.task
        self._turns = spec.agents * spec.task.iterations
        self._shared = shared
        self._desks = desks
        self._library = library

    @override
    @contextmanager
    def look(self) -> Iterator[Material]:
        """Wait for facts enough, then take all that is known. Blocks."""
        with suppress(TransactionTimeoutError):  # readings that are lost for now are done without
            self._shared.stm.atomically(self._wait_enough, timeout_seconds=WAIT_SECONDS)
        yield self._shared.stm.atomically(self._material)

    @override
    def evaluate(
        self,
        view: Material,
        candidates: Iterable[Material],
        is_stopped: Callable[[], bool],
    ) -> Evaluation[str]:
        """Return the report, if each of its sentences is supported.

        Raises:
            ValueError: a sentence is not.
        """
        material = next(iter(candidates), view)
        page = material.as_markdown()
        library = self._library()
        found = check_report(page, lambda source: library.read(source).text)
        if found.faults:
            raise ValueError(f"the report does not hold: {'; '.join(found.faults[:3])}")
        return Evaluation(
            candidates=found.sentences, operations_spent=0, found=page, costs=Costs(evaluations=0)
        )

    @override
    def settle(
        self,
        view: Material,
        evaluation: Evaluation[str],
        turn: Turn,
    ) -> Findings:
        """End the swarm with its report; see `IterativeProblem`."""
        status = SwarmStatus.SUCCEEDED if view.facts else SwarmStatus.EXHAUSTED
        self._shared.end(status, self.reason(evaluation))
        return {"report": evaluation.found, "sentences": evaluation.candidates}

    @override
    def reason(self, evaluation: Evaluation[str]) -> str:
        """Return what was reported, in a sentence."""
        return f"a report of {evaluation.candidates} sentences was written"

    def _wait_enough(self) -> None:
        readings = sum(desk.readings.value() for desk in self._desks)
        check(readings >= self._turns or self._has_enough())

    def _has_enough(self) -> bool:
        """Say whether all parts together know as many facts as are wanted, each counted once."""
        wanted = self._task.facts_wanted
        if not wanted:
            return False
        found = frozenset[str]().union(*(desk.facts.members() for desk in self._desks))
        return len(found) >= wanted

    def _material(self) -> Material:
        """Return what all parts know together, each fact under the question it answered first."""
        found: dict[str, tuple[Question, dict[str, list[Fact]]]] = {}
        seen: dict[str, str] = {}
        for desk in self._desks:
            for question in desk.agenda.get():
                _, facts = found.setdefault(question.key, (question, {}))
                for fact in desk.answers(question).get():
                    if seen.setdefault(fact.key, question.key) == question.key:
                        facts.setdefault(fact.key, []).append(fact)
        return Material(
            self._task.topic,
            tuple(_section(question, facts) for question, facts in found.values() if facts),
            tuple(question.text for question, facts in found.values() if not facts),
        )


def _section(question: Question, facts: dict[str, list[Fact]]) -> Section:
    return Section(question.text, tuple(_sentence(same) for same in facts.values()))


def _sentence(same: Sequence[Fact]) -> Sentence:
    supports = dict.fromkeys(Support(fact.source, fact.quotation) for fact in same)
    return Sentence(same[0].statement, tuple(supports))
