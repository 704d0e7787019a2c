"""The transactional variables of researchers, and what they do with them.

| variable | type | meaning |
|---|---|---|
| `<results>agenda` | TVar[tuple of Question] | the questions, in the order in which they came up |
| `<results>answers/<question>` | TVar[tuple of Fact] | what is known to answer a question |
| `<tracks>shelf/<question>` | TVar[Shelf] | which sources were read for it, or are being read |
| `place/<agent>` | TVar[Place] | what an agent reads at present |
| `<results>readings` | counter | turns that have ended |
| `<results>facts` | set of str | keys of the facts that were found, whatever they answer |

`<results>` and `<tracks>` are empty where agents share them, and `<agent>/` where each has its own.
All methods but `atomically` run inside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

from swarm_workers.agents.research.words import Question
from swarm_workers.problems.research.judging import Judged
from swarm_workers.problems.research.records import Fact, Pair, Place, Shelf, merged
from swarm_workers.stm import Stm, TSet, TVar

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to choose from, as one agent sees it at one instant."""

    place: Place
    agenda: tuple[Question, ...]
    shelves: tuple[Shelf, ...]
    """Of each question of the agenda."""
    has_enough: bool = False
    """Whether as many facts are known as are wanted."""


class Desk:
    """The variables as one agent uses them."""

    def __init__(
        self, stm: Stm, agent: str, *, results: str, tracks: str, asked: tuple[Question, ...]
    ) -> None:
        """Name the variables; nothing is read or written.

        Args:
            stm: the space of the swarm.
            agent: whose desk it is.
            results: prefix of what has been found.
            tracks: prefix of what has been read.
            asked: the questions to begin with.
        """
        self._stm = stm
        self._agent = agent
        self._results = results
        self._tracks = tracks
        self.agenda: TVar[tuple[Question, ...]] = stm.var(
            f"{results}agenda", tuple[Question, ...], default=asked
        )
        self.place: TVar[Place] = stm.var(f"place/{agent}", Place, default=Place())
        self.readings = stm.counter(f"{results}readings")
        self.facts: TSet[str] = stm.set(f"{results}facts", str)

    def atomically(self, body: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Run one of the methods below as a transaction, and return its value."""
        return self._stm.atomically(body, *arguments)

    def shelf(self, question: Question) -> TVar[Shelf]:
        """Return how far the sources for a question have been read."""
        return self._stm.var(f"{self._tracks}shelf/{question.key}", Shelf, default=Shelf())

    def answers(self, question: Question) -> TVar[tuple[Fact, ...]]:
        """Return what is known to answer a question."""
        return self._stm.var(f"{self._results}answers/{question.key}", tuple[Fact, ...], default=())

    def standing(self, facts_wanted: int) -> Standing:
        """Return what there is to choose from.

        Args:
            facts_wanted: so many are enough; 0 if none are, and then nobody counts them.
        """
        agenda = self.agenda.get()
        shelves = tuple(self.shelf(each).get() for each in agenda)
        has_enough = bool(facts_wanted) and len(self.facts.members()) >= facts_wanted
        return Standing(self.place.get(), agenda, shelves, has_enough)

    def claim(
        self,
        place: TVar[Place],
        shelf: TVar[Shelf],
        answers: TVar[tuple[Fact, ...]],
        pair: Pair,
    ) -> tuple[Fact, ...] | None:
        """Claim a reading; return what is known of its question, None if another was first.

        Takes the variables that it reads as arguments: so all are asked for in one flight.
        """
        now, facts = shelf.get(), answers.get()
        if not now.is_free(pair.source, self._agent):
            return None
        shelf.set(now.claim(self._agent, pair.source))
        place.set(Place(place.get().readings, pair))
        return facts

    def close(self, pair: Pair, judged: Judged, questions_max: int) -> tuple[str, ...]:
        """End a reading: what it found becomes known. Return the keys of facts that are new here.

        Args:
            pair: what was read.
            judged: what came of it.
            questions_max: no more questions come to the agenda than up to this number.
        """
        shelf, here = self.shelf(pair.question), self.place.get()
        new = self._learn(pair.question, judged.facts)
        shelf.set(shelf.get().close(self._agent, pair.source, len(new)))
        self.place.set(Place(here.readings + 1))
        self._ask(judged.questions, questions_max)
        self.readings.add(1)
        for key in new:
            self.facts.add(key)
        return new

    def skip(self) -> None:
        """Mark what this agent reads at present as read: a turn that failed on it ends with it."""
        pair = self.place.get().pair
        if pair is None:
            self.pass_turn()
        else:
            self.close(pair, Judged(), 0)

    def pass_turn(self) -> None:
        """Count a turn in which there was nothing to read."""
        self.place.set(Place(self.place.get().readings + 1))
        self.readings.add(1)

    def _learn(self, question: Question, facts: tuple[Fact, ...]) -> tuple[str, ...]:
        """Let facts be known, and return the keys of those that were not. No flight without any."""
        if not facts:
            return ()
        answers = self.answers(question)
        known = answers.get()
        together = merged(known, facts)
        new = tuple(fact.key for fact in together[len(known) :])
        if new:
            answers.set(together)
        return new

    def _ask(self, questions: tuple[Question, ...], questions_max: int) -> None:
        if not questions:
            return
        agenda = self.agenda.get()
        keys = {each.key for each in agenda}
        new = tuple(each for each in questions if each.key not in keys)
        if new and len(agenda) < questions_max:
            self.agenda.set((*agenda, *new)[:questions_max])
