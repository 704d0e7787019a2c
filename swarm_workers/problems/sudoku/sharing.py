"""How what an agent has found out of a Sudoku becomes part of what all know.

Each method returns what came of it, for the report. Between a look and telling others go on, and
what was concluded stays true whatever they found meanwhile: only after a lie was undone it is late.
"""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from swarm_workers.agents.sudoku.grid import SINGLES, Grid, named_facts
from swarm_workers.agents.sudoku.strategies.catalogue import SEARCH
from swarm_workers.agents.sudoku.view import Conclusion, Thought
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.sudoku.audit import Audit
from swarm_workers.problems.sudoku.judging import Judgement, Verdict
from swarm_workers.problems.sudoku.parts import Place
from swarm_workers.problems.sudoku.records import Claim, Dry, Epoch, Filled, Move, digest
from swarm_workers.problems.sudoku.standing import Standing
from swarm_workers.problems.sudoku.state import SudokuState
from tasks_schema.kinds import SwarmStatus


class Event(StrEnum):
    """What came of a turn: of several things the first in this list."""

    SOLVED = "solved"  #: All cells have their digits.
    UNDONE = "undone"  #: It found a lie, and undid all that was built on it.
    STUCK = "stuck"  #: No rule in play moves, and nobody may guess.
    DOOMED = "doomed"  #: The state contradicts itself, and no lie explains it.
    LATE = "late"  #: A lie was undone meanwhile, and its work with it.
    REFUTED = "refuted"  #: It found that a guess is wrong.
    GUESSED = "guessed"  #: It split a branch.
    MOVED = "moved"  #: It concluded something that was not known.
    DRY = "dry"  #: Its rules concluded nothing.
    IDLE = "idle"  #: It had nothing to do.


class Sharing:
    """Writes for one agent in one turn. All methods run inside `stm.atomically`."""

    def __init__(self, state: SudokuState, shared: SharedState, place: Place, turn: int) -> None:
        """Hold the parts; nothing is read or written."""
        self._state = state
        self._shared = shared
        self._place = place
        self._turn = turn

    def write(self, standing: Standing, claimed: Iterable[Claim], found: Judgement) -> Event:
        """Write what a judgement tells, and return what came of that."""
        for claim in claimed:
            self._state.claims.remove(claim)
        if found.verdict is Verdict.NOTHING:
            return Event.IDLE
        if self._state.epoch.get() != standing.epoch:
            return Event.LATE
        if found.audit is not None and found.audit.lies:
            return self._undo(standing, found.audit)
        if found.verdict is Verdict.DOOMED:
            reason = "the grid contradicts itself, and no move explains why"
            self._shared.end(SwarmStatus.FAILED, reason)
            return Event.DOOMED
        if found.verdict is Verdict.AT_REST:
            return self._rest(standing, found.thought)
        return self._tell(standing, found.thought)

    def _tell(self, standing: Standing, thought: Thought) -> Event:
        for conclusion in thought.conclusions:
            self._move(standing, conclusion)
        for split in thought.splits:
            self._state.splits(standing.epoch.number).add(split)
        self._note_dry(standing, thought)
        if thought.solution is not None:
            self._solve(standing, thought.solution)
        return event_of(thought)

    def _move(self, standing: Standing, conclusion: Conclusion) -> None:
        """Add a move; what it says without any guess is filled into the grid as well."""
        is_sure = conclusion.path in standing.tree.root.paths
        after = standing.sure.with_facts(conclusion.facts) if is_sure else standing.sure
        cells = after.solved_cells - standing.named_cells if is_sure else frozenset()
        move = Move(
            by=self._place.index,
            turn=self._turn,
            path=conclusion.path,
            strategy=conclusion.strategy,
            facts=f"{conclusion.facts:x}",
            cells=tuple(sorted(cells)),
            seen=standing.seen,
        )
        self._state.moves(standing.epoch.number).add(move)
        if conclusion.strategy == SEARCH:
            for wrong in named_facts(conclusion.facts):
                self._state.prune(standing, (*conclusion.path, wrong))
        if is_sure:
            self._state.fill(_filled(after, cells))
            told = self._place.told(conclusion.facts, after)
            if told:
                self._state.board.add(replace(move, path=(), facts=f"{told:x}", seen=()))

    def _note_dry(self, standing: Standing, thought: Thought) -> None:
        if thought.dry is not None:
            state = digest(thought.dry.grid)
            for name in sorted(thought.dry.names):
                self._state.dry(standing.epoch.number).add(Dry(thought.dry.path, name, state))

    def _solve(self, standing: Standing, solution: Grid) -> None:
        """Fill in the whole grid: the guesses that it rests on are right, as there is but one."""
        found = solution.solved_cells - Grid.of_clues(standing.clues).solved_cells
        self._state.fill(_filled(solution, found))
        self._shared.end(SwarmStatus.SUCCEEDED, "all 81 cells are solved")

    def _rest(self, standing: Standing, thought: Thought) -> Event:
        """Note that nothing moves here, unless somebody has moved meanwhile."""
        self._note_dry(standing, thought)
        now = self._state.standing(standing.clues, self._place.has_board)
        if now.sure != standing.sure:
            return Event.DRY
        count = len(now.sure.solved_cells)
        self._come_to_rest(f"no rule moves any more, with {count} of 81 cells solved")
        return Event.STUCK

    def _come_to_rest(self, reason: str) -> None:
        """Note that this part is at rest; end the swarm if all parts are, and know the same."""
        if self._place.parts > 1:
            known = len(self._state.board.members()) if self._place.has_board else 0
            self._state.quiet.put(self._state.part, known)
            at_rest = [each for each in self._state.quiet.items().values() if each == known]
            if len(at_rest) < self._place.parts:
                return
        self._shared.end(SwarmStatus.EXHAUSTED, f"stuck: {reason}")

    def _undo(self, standing: Standing, audit: Audit) -> Event:
        """Start again from what no lie has touched, without those who lied."""
        liars = sorted({*standing.epoch.expelled, *(lie.by for lie in audit.lies)})
        number = standing.epoch.number + 1
        self._state.epoch.set(Epoch(number, tuple(liars)))
        for move in audit.kept:
            self._state.moves(number).add(move)
        sound = Grid.joined((Grid.of_clues(standing.clues).known, *(m.known for m in audit.kept)))
        self._state.empty(_filled(sound, sound.solved_cells))
        if len(liars) == self._place.agents_of_part:
            self._come_to_rest("every agent was proved to have written what is wrong")
        return Event.UNDONE


def _filled(grid: Grid, cells: frozenset[int]) -> frozenset[Filled]:
    return frozenset(Filled(cell, SINGLES[grid.masks[cell]]) for cell in cells)


def event_of(thought: Thought) -> Event:
    """Return what is most worth telling of a thought that was told."""
    if thought.solution is not None:
        return Event.SOLVED
    if any(each.strategy == SEARCH for each in thought.conclusions):
        return Event.REFUTED
    if thought.splits:
        return Event.GUESSED
    return Event.MOVED if thought.conclusions else Event.DRY
