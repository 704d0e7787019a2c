"""What a thought amounts to, on the state that it was about.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass
from enum import Enum, auto

from swarm_workers.agents.sudoku.strategies.catalogue import SEARCH
from swarm_workers.agents.sudoku.view import SudokuView, Thought
from swarm_workers.problems.sudoku.audit import Audit


class Verdict(Enum):
    """What a thought, or the state itself, amounts to."""

    NEWS = auto()  #: Something to tell, if only that a rule is dry.
    NOTHING = auto()  #: There is nothing to do for this agent.
    AT_REST = auto()  #: Every rule in play is dry, and nobody may guess.
    DOOMED = auto()  #: The state contradicts itself, and no guess is to blame.


@dataclass(frozen=True, slots=True)
class Judgement:
    """A thought, and what it amounts to."""

    verdict: Verdict
    thought: Thought
    audit: Audit | None = None
    """Of a state that cannot go on: what was found wrong with it."""


def judged(view: SudokuView, thought: Thought) -> Judgement:
    """Return what a thought amounts to."""
    if thought.is_doomed:
        return Judgement(Verdict.DOOMED, thought)
    if thought.conclusions or thought.splits or thought.solution is not None:
        return Judgement(Verdict.NEWS, thought)
    dry = view.dry if thought.dry is None else view.dry | thought.dry.names
    if SEARCH not in view.in_play and dry.issuperset(view.in_play):
        return Judgement(Verdict.AT_REST, thought)
    return Judgement(Verdict.NEWS if thought.dry else Verdict.NOTHING, thought)
