"""Sudoku as a problem: one turn is a look, one application of one strategy, and what comes of it.

A contradiction in a fork refutes its guess. One without any guess means that somebody wrote what
does not follow: then all moves are audited, the liar is expelled, and what was built on the lie is
undone. What a turn writes goes out in the transaction that ends it: see `problems/iterative.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from typing_extensions import override

from swarm_workers.agents.sudoku.grid import Grid
from swarm_workers.agents.sudoku.view import Step, SudokuView
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.iterative import IterativeProblem
from swarm_workers.problems.sudoku.audit import audit
from swarm_workers.problems.sudoku.judging import Judgement, Verdict, judged
from swarm_workers.problems.sudoku.parts import place_of, strategies_of
from swarm_workers.problems.sudoku.records import Move, Trail
from swarm_workers.problems.sudoku.saboteur import wrong_cell
from swarm_workers.problems.sudoku.sharing import Event, Sharing
from swarm_workers.problems.sudoku.standing import Standing
from swarm_workers.problems.sudoku.state import SudokuState
from swarm_workers.protocols import Costs, Evaluation, Findings, Turn
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import SudokuTask

_TELLING = (Event.MOVED, Event.SOLVED, Event.REFUTED, Event.LATE)
"""Events of turns whose step concluded something, be it in vain."""


class SudokuProblem(IterativeProblem[SudokuView, Step, Judgement]):
    """The puzzle, as one agent sees it for one turn."""

    def __init__(self, spec: SwarmSpec, shared: SharedState, agent: str) -> None:
        """Hold the parts; nothing is read."""
        assert isinstance(spec.task, SudokuTask), f"swarm {spec.swarm_id} is no Sudoku"
        self._clues = spec.task.puzzle.replace("0", ".")
        self._seed = spec.seed
        self._shared = shared
        self._place = place_of(spec, agent)
        self._lies = spec.task.lies if self._place.index == 0 else 0
        self._in_play, self._own = strategies_of(spec, self._place.index)
        self._state = SudokuState(shared.stm, f"{agent}/" if self._place.is_alone else "")
        self._standing = Standing(self._clues, Trail(), {0: frozenset()}, frozenset())

    @override
    @contextmanager
    def look(self) -> Iterator[SudokuView]:
        """Take one consistent look at the moves of the present layers, in one transaction."""
        stm, state = self._state.stm, self._state
        self._standing = stm.atomically(state.standing, self._clues, self._place.has_board)
        yield self._view(self._standing)

    def _view(self, standing: Standing) -> SudokuView:
        lie = wrong_cell(self._clues, standing.grid, self._seed) if self._lies else None
        return SudokuView(
            grid=standing.grid,
            guesses=tuple((fork.cell, fork.digit) for fork in standing.trail.forks),
            dry=standing.dry,
            in_play=self._in_play,
            own=self._own,
            index=self._place.index,
            lie=lie,
            lies=self._lies,
        )

    @override
    def evaluate(
        self,
        view: SudokuView,
        candidates: Iterable[Step],
        is_stopped: Callable[[], bool],
    ) -> Evaluation[Judgement]:
        """Apply one step to the state that was looked at, and say what it amounts to.

        That takes about a millisecond, so that a stop need not be looked for meanwhile.
        """
        if self._place.index in self._standing.trail.expelled:
            return Evaluation(0, 0, Judgement(Verdict.NOTHING))
        step = next(iter(candidates), None)
        found = judged(view, step)
        if found.verdict in (Verdict.AT_REST, Verdict.DOOMED):
            found = self._audited(found)
        count = 0 if step is None else 1
        return Evaluation(count, count, found, Costs(evaluations=count))

    def _audited(self, found: Judgement) -> Judgement:
        """Return who lied; or, if nobody did, what was found before.

        Where agents tell each other only a part of what they know, what a move was concluded from
        cannot be put together again: there nobody is blamed.
        """
        if self._place.has_board:
            return found
        trail, layers = self._state.stm.atomically(self._everything)
        result = audit(self._clues, trail, layers)
        return Judgement(Verdict.LIE, None, (trail, result)) if result.lies else found

    def _everything(self) -> tuple[Trail, dict[int, frozenset[Move]]]:
        return self._state.trail.get(), self._state.all_layers()

    @override
    def settle(self, view: SudokuView, evaluation: Evaluation[Judgement], turn: Turn) -> Findings:
        """Write what came of the turn, and return it for the report."""
        found = evaluation.found
        assert found is not None, "every turn is judged"
        sharing = Sharing(self._state, self._shared, self._place, turn.turn)
        event = sharing.write(self._standing, found)
        step = found.step or Step("")
        lies = () if found.audited is None else found.audited[1].lies
        return {
            "event": event.value,
            "strategy": step.strategy,
            "guesses": [list(guess) for guess in view.guesses],
            "facts": f"{step.facts:x}" if event in _TELLING else "0",
            "grid": self._sure_after(event, step).text(),
            "lies": [f"{lie.by}/{lie.turn}" for lie in lies],
        }

    def _sure_after(self, event: Event, step: Step) -> Grid:
        """Return what is known without any guess, as far as this turn knows."""
        if event is Event.SOLVED:
            return self._standing.grid.with_facts(step.facts)
        if event is Event.MOVED and not self._standing.trail.forks:
            return self._standing.sure.with_facts(step.facts)
        return self._standing.sure

    @override
    def reason(self, evaluation: Evaluation[Judgement]) -> str:
        """Return what was done, in a few words."""
        found = evaluation.found
        if found is None or found.step is None:
            return "nothing to do" if found is None else found.verdict.name.lower()
        return f"{found.step.strategy}: {found.verdict.name.lower().replace('_', ' ')}"
