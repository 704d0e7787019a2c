"""What a step amounts to on the state that it was applied to.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass
from enum import Enum, auto

from swarm_workers.agents.sudoku.strategies.catalogue import SEARCH
from swarm_workers.agents.sudoku.view import Step, SudokuView
from swarm_workers.problems.sudoku.audit import Audit
from swarm_workers.problems.sudoku.records import Trail


class Verdict(Enum):
    """What a step, or the state itself, amounts to."""

    NOTHING = auto()  #: There is nothing to do for this agent.
    NEWS = auto()
    DRY = auto()
    GUESS = auto()
    SOLUTION = auto()
    REFUTATION = auto()  #: The newest guess leads to a contradiction.
    AT_REST = auto()  #: Every rule in play is dry, and nobody may guess.
    DOOMED = auto()  #: The state contradicts itself, and no guess is to blame.
    LIE = auto()  #: A move does not follow from what its author had seen.


@dataclass(frozen=True, slots=True)
class Judgement:
    """A step, and what it amounts to."""

    verdict: Verdict
    step: Step | None = None
    """None if the state said it before any step."""
    audited: tuple[Trail, Audit] | None = None
    """Of a lie: what was audited, and what came of it."""


def judged(view: SudokuView, step: Step | None) -> Judgement:
    """Return what a step amounts to; None stands for an agent that has none to take."""
    if step is not None and step.guess is not None:
        return Judgement(Verdict.GUESS, step)
    after = view.grid if step is None else view.grid.with_facts(step.facts)
    if after.is_contradictory:
        return Judgement(_of_contradiction(view, step), step)
    if after.is_solved:
        return Judgement(Verdict.SOLUTION, step)
    if step is not None and step.facts:
        return Judgement(Verdict.NEWS, step)
    dry = view.dry if step is None else view.dry | {step.strategy}
    if SEARCH not in view.in_play and dry.issuperset(view.in_play):
        return Judgement(Verdict.AT_REST, step)
    return Judgement(Verdict.NOTHING if step is None else Verdict.DRY, step)


def _of_contradiction(view: SudokuView, step: Step | None) -> Verdict:
    """Blame the newest guess; without one, write the step first, so that an audit can see it."""
    if view.guesses:
        return Verdict.REFUTATION
    return Verdict.DOOMED if step is None else Verdict.NEWS
