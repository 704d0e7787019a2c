"""Sudoku as a problem: one turn is a look, a thought about one open branch, and what comes of it.

A contradiction refutes a guess. One without any guess means that somebody wrote what is wrong: then
all moves are audited, the liar is expelled, and what was built on the lie is undone. What a turn
writes goes out in the transaction that ends it: see `problems/iterative.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pydantic import JsonValue
from typing_extensions import override

from swarm_workers.agents.sudoku.grid import Grid, cell_name
from swarm_workers.agents.sudoku.view import Path, SudokuView, Thought
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.iterative import IterativeProblem
from swarm_workers.problems.sudoku.audit import audit
from swarm_workers.problems.sudoku.judging import Judgement, Verdict, judged
from swarm_workers.problems.sudoku.parts import place_of, strategies_of
from swarm_workers.problems.sudoku.records import Claim
from swarm_workers.problems.sudoku.saboteur import wrong_cell
from swarm_workers.problems.sudoku.sharing import Event, Sharing
from swarm_workers.problems.sudoku.standing import Standing
from swarm_workers.problems.sudoku.state import SudokuState
from swarm_workers.problems.sudoku.tree import Branch
from swarm_workers.protocols import Costs, Evaluation, Findings, Turn
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import SudokuTask


class SudokuProblem(IterativeProblem[SudokuView, Thought, Judgement]):
    """The puzzle, as one agent sees it for one turn."""

    def __init__(self, spec: SwarmSpec, shared: SharedState, agent: str) -> None:
        """Hold the parts; nothing is read."""
        assert isinstance(spec.task, SudokuTask), f"swarm {spec.swarm_id} is no Sudoku"
        self._task = spec.task
        self._clues = spec.task.puzzle.replace("0", ".")
        self._seed = spec.seed
        self._shared = shared
        self._place = place_of(spec, agent)
        self._in_play, self._own = strategies_of(spec, self._place.index)
        self._state = SudokuState(shared.stm, f"{agent}/" if self._place.is_alone else "")
        self._standing = Standing(self._clues)
        self._claimed: list[Claim] = []

    @override
    @contextmanager
    def look(self) -> Iterator[SudokuView]:
        """Take one consistent look, and claim an open branch, in one transaction."""
        self._standing, branches = self._state.stm.atomically(self._look)
        self._claimed = []
        if len(self._standing.tree.leaves) > 1 and self._place.agents_of_part > 1:
            self._claimed = [Claim(self._place.index, branch.path) for branch in branches]
        yield self._view(*branches)

    def _look(self) -> tuple[Standing, list[Branch]]:
        standing = self._state.standing(self._clues, self._place.has_board)
        if self._place.agents_of_part == 1:
            return standing, standing.branches_for(self._place.index)
        return standing, self._state.claim(standing, self._place.index)

    def _view(self, branch: Branch, *spare: Branch) -> SudokuView:
        lies = self._task.lies if self._place.index == 0 else 0
        return SudokuView(
            path=branch.path,
            grid=branch.grid,
            dry=self._standing.dry(branch.grid),
            in_play=self._in_play,
            own=self._own,
            index=self._place.index,
            draw=f"{self._seed}/{self._state.part}",
            spare=tuple((each.path, each.grid) for each in spare),
            steps_max=self._task.steps_max,
            lie=wrong_cell(self._clues, branch.grid, self._seed) if lies else None,
            lies=lies,
        )

    @override
    def evaluate(
        self,
        view: SudokuView,
        candidates: Iterable[Thought],
        is_stopped: Callable[[], bool],
    ) -> Evaluation[Judgement]:
        """Let the agent think, and say what its thought amounts to.

        That takes some milliseconds, so that a stop need not be looked for meanwhile.
        """
        if self._place.index in self._standing.epoch.expelled:
            return Evaluation(0, 0, Judgement(Verdict.NOTHING, Thought()))
        thought = next(iter(candidates), Thought())
        found = judged(view, thought)
        is_over = found.verdict in (Verdict.AT_REST, Verdict.DOOMED)
        # Where agents tell each other a part of what they know, nobody's moves are all there.
        if is_over and self._task.is_audited and not self._place.has_board:
            stm, epoch = self._state.stm, self._standing.epoch.number
            moves = stm.atomically(self._state.every_move, epoch)
            found = Judgement(found.verdict, thought, audit(self._clues, moves))
        return Evaluation(thought.steps, thought.steps, found, Costs(evaluations=thought.steps))

    @override
    def settle(self, view: SudokuView, evaluation: Evaluation[Judgement], turn: Turn) -> Findings:
        """Write what came of the turn, and return it for the report."""
        found = evaluation.found
        assert found is not None, "every turn is judged"
        sharing = Sharing(self._state, self._shared, self._place, turn.turn)
        event = sharing.write(self._standing, self._claimed, found)
        told: list[JsonValue] = [
            [_name(each.path), each.strategy, f"{each.facts:x}"]
            for each in found.thought.conclusions
        ]
        lies = () if found.audit is None else found.audit.lies
        return {
            "event": event.value,
            "branch": _name(view.path),
            "told": told,
            "grid": self._sure_after(event, found.thought).text(),
            "lies": [f"{lie.by}/{lie.turn}" for lie in lies],
        }

    def _sure_after(self, event: Event, thought: Thought) -> Grid:
        """Return what is known without any guess, as far as this turn knows."""
        if thought.solution is not None:
            return thought.solution
        sure = self._standing.sure
        if event is Event.LATE:
            return sure
        paths = self._standing.tree.root.paths
        news = (each.facts for each in thought.conclusions if each.path in paths)
        return Grid.joined((sure.known, *news))

    @override
    def reason(self, evaluation: Evaluation[Judgement]) -> str:
        """Return what was done, in a few words."""
        found = evaluation.found
        if found is None or found.verdict is not Verdict.NEWS:
            return "" if found is None else found.verdict.name.lower().replace("_", " ")
        facts = sum(each.facts.bit_count() for each in found.thought.conclusions)
        return f"{found.thought.steps} steps: {facts} candidates ruled out"


def _name(path: Path) -> str:
    """Return guesses as text, for example `r1c2=3 r4c4=1`."""
    return " ".join(f"{cell_name(cell)}={digit}" for cell, digit in path)
