"""Research, as one researcher sees it for one turn: a question and a source are read.

look    one snapshot of what is open, and one transaction that claims a reading
propose the agent takes facts from the source (`agents/research`)
evaluate  what the source does not support does not count
settle  facts, new questions and the reading become known, with the report

A claim lasts until its reading is reported. One whose process died is taken up again by the next
turn of its agent, which is the same one handed out again: nothing is lost, nothing read twice.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from typing_extensions import override

from swarm_workers.agents.research.view import Finding, Reading
from swarm_workers.clock import Clock
from swarm_workers.problems.iterative import IterativeProblem
from swarm_workers.problems.research.choosing import Ranked, best_first
from swarm_workers.problems.research.corpus.library import Library
from swarm_workers.problems.research.desk import Desk, Standing
from swarm_workers.problems.research.judging import Judged, judge
from swarm_workers.problems.research.records import Fact, Pair
from swarm_workers.protocols import Costs, Evaluation, Findings, Turn
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask

CLAIMS_MAX = 8
"""How often a turn tries to claim a reading before it leaves them all to the others."""


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """What all turns of a swarm in one process read by."""

    library: Library
    ranked: Ranked
    rarity: Mapping[str, int]
    """Words worth a question, by the number of sources that use them."""
    clock: Clock


class ResearchProblem(IterativeProblem[Reading | None, Finding, Judged]):
    """One turn of one researcher."""

    def __init__(
        self, spec: SwarmSpec, agent: str, desk: Desk, room: Callable[[], ReadingRoom]
    ) -> None:
        """Hold the parts; nothing is opened or read."""
        assert isinstance(spec.task, ResearchTask)
        self._task: ResearchTask = spec.task
        self._seed = spec.seed
        self._agent = agent
        self._desk = desk
        self._open_room = room

    @override
    def give_back(self) -> None:
        """Count the source that a failed turn was at as read: the next turn takes another."""
        self._desk.atomically(self._desk.skip)

    @override
    @contextmanager
    def look(self) -> Iterator[Reading | None]:
        """Claim a reading; None if there is nothing to read, or there are facts enough."""
        room = self._open_room()
        for _ in range(CLAIMS_MAX):
            standing = self._desk.atomically(self._desk.standing, self._task.facts_wanted)
            pair = self._choice(standing, room)
            if pair is None:
                break
            known = self._desk.atomically(
                self._desk.claim,
                self._desk.place,
                self._desk.shelf(pair.question),
                self._desk.answers(pair.question),
                pair,
            )
            if known is not None:
                yield self._reading(pair, standing, known, room)
                return
        yield None

    @override
    def evaluate(
        self,
        view: Reading | None,
        candidates: Iterable[Finding],
        is_stopped: Callable[[], bool],
    ) -> Evaluation[Judged]:
        """Judge what one reading found."""
        finding = next(iter(candidates), None)
        if view is None or finding is None:
            return Evaluation(candidates=0, operations_spent=0)
        return Evaluation(
            candidates=len(finding.claims),
            operations_spent=1,
            found=judge(finding, view),
            costs=Costs(evaluations=1),
        )

    @override
    def settle(
        self,
        view: Reading | None,
        evaluation: Evaluation[Judged],
        turn: Turn,
    ) -> Findings:
        """Let the facts, the new questions and the reading be known; see `IterativeProblem`."""
        if view is None or evaluation.found is None:
            self._desk.pass_turn()
            return {"idle": True}
        judged = evaluation.found
        pair = Pair(view.question, view.source)
        new = self._desk.close(pair, judged, self._task.questions_max)
        return {
            "question": view.question.key,
            "source": view.source,
            "facts": [fact.key for fact in judged.facts],
            "new": len(new),
            "refused": judged.refused,
            "asked": [each.key for each in judged.questions],
        }

    @override
    def reason(self, evaluation: Evaluation[Judged]) -> str:
        """Return what the reading brought, in a sentence."""
        if evaluation.found is None:
            return "nothing was left to read"
        found = evaluation.found
        refused = f", {found.refused} refused" if found.refused else ""
        return f"{len(found.facts)} facts{refused}, {len(found.questions)} new questions"

    def _choice(self, standing: Standing, room: ReadingRoom) -> Pair | None:
        """Return what to read: what a turn that broke off was at, else the most promising pair."""
        if standing.place.pair is not None:
            return standing.place.pair
        if standing.has_enough:
            return None
        chance = random.Random(f"{self._seed}/{self._agent}/{standing.place.readings}")  # noqa: S311 - chance that can be replayed, not a secret
        pairs = best_first(standing, room.ranked, chance, is_varied=self._task.is_varied)
        return pairs[0] if pairs else None

    def _reading(
        self, pair: Pair, standing: Standing, known: tuple[Fact, ...], room: ReadingRoom
    ) -> Reading:
        document = room.library.read(pair.source)
        if self._task.source_seconds:
            room.clock.sleep(self._task.source_seconds)
        return Reading(
            topic=self._task.topic,
            question=pair.question,
            source=pair.source,
            title=document.title,
            text=document.text,
            known=frozenset(" ".join(fact.quotation.split()) for fact in known),
            open_questions=standing.agenda,
            rarity=room.rarity,
        )
