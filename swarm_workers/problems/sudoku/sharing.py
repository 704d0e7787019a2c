"""How what an agent has found out of a Sudoku becomes part of what all know.

Each method returns what came of it, for the report. Between a look and a share others go on: a
move stays true whatever they found meanwhile, but its layer may be gone, its guess being refuted.
"""

from dataclasses import replace
from enum import StrEnum

from swarm_workers.agents.sudoku.grid import SINGLES, Grid, ruled_out
from swarm_workers.agents.sudoku.strategies.catalogue import SEARCH
from swarm_workers.agents.sudoku.view import Step
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.sudoku.audit import Audit
from swarm_workers.problems.sudoku.judging import Judgement, Verdict
from swarm_workers.problems.sudoku.parts import Place
from swarm_workers.problems.sudoku.records import Dry, Filled, Fork, Move, Trail
from swarm_workers.problems.sudoku.standing import Standing
from swarm_workers.problems.sudoku.state import SudokuState
from tasks_schema.kinds import SwarmStatus

_OF_STEPS = (Verdict.NEWS, Verdict.DRY, Verdict.GUESS)


class Event(StrEnum):
    """What became of a turn."""

    MOVED = "moved"  #: It concluded something that was not known.
    DRY = "dry"  #: Its rule concluded nothing.
    GUESSED = "guessed"  #: It opened a fork of the state.
    REFUTED = "refuted"  #: It discarded a fork that contradicts itself.
    SOLVED = "solved"  #: All cells have their digits.
    STUCK = "stuck"  #: No rule in play moves, and nobody may guess.
    UNDONE = "undone"  #: It found a lie, and undid all that was built on it.
    DOOMED = "doomed"  #: The state contradicts itself, and no lie explains it.
    LATE = "late"  #: The state had changed such that its work was for nothing.
    IDLE = "idle"  #: It had nothing to do.


class Sharing:
    """Writes for one agent in one turn. All methods run inside `stm.atomically`."""

    def __init__(self, state: SudokuState, shared: SharedState, place: Place, turn: int) -> None:
        """Hold the parts; nothing is read or written."""
        self._state = state
        self._shared = shared
        self._place = place
        self._turn = turn

    def write(self, standing: Standing, found: Judgement) -> Event:
        """Write what a judgement tells, and return what came of that."""
        if found.audited is not None:
            trail, audited = found.audited
            return self.undo(trail, standing.clues, audited)
        if found.step is not None and found.verdict in _OF_STEPS:
            return self._write_step(standing, found.step)
        return self._write_state(standing, found)

    def _write_step(self, standing: Standing, step: Step) -> Event:
        if step.guess is not None:
            return self.guess(standing, *step.guess)
        return self.move(standing, step) if step.facts else self.dry(standing, step.strategy)

    def _write_state(self, standing: Standing, found: Judgement) -> Event:
        match found.verdict:
            case Verdict.SOLUTION:
                return self.solve(standing, found.step)
            case Verdict.REFUTATION:
                return self.refute(standing, found.step)
            case Verdict.AT_REST:
                return self.end_stuck(standing, found.step)
            case Verdict.DOOMED:
                return self.end_doomed()
            case _:
                return Event.IDLE

    def move(self, standing: Standing, step: Step) -> Event:
        """Add a move to the layer that it was concluded in."""
        if standing.layer not in self._state.trail.get().layers:
            return Event.LATE
        self._add(standing, step)
        return Event.MOVED

    def _add(self, standing: Standing, step: Step) -> None:
        after = standing.grid.with_facts(step.facts)
        cells = after.solved_cells - standing.named_cells
        move = self._record(standing, step, cells=tuple(sorted(cells)))
        self._state.moves(standing.layer).add(move)
        if not standing.trail.forks:
            self._state.fill(self._filled(after, cells, step.strategy))
            self._tell(move, after)

    def _tell(self, move: Move, after: Grid) -> None:
        """Tell other parts what the ablation lets them know."""
        told = self._place.told(move.known, after)
        if told:
            self._state.board.add(replace(move, facts=f"{told:x}", seen=()))

    def dry(self, standing: Standing, strategy: str) -> Event:
        """Note that a rule concluded nothing."""
        self._state.dry(standing.layer).add(Dry(strategy, standing.grid.generation))
        return Event.DRY

    def guess(self, standing: Standing, cell: int, digit: int) -> Event:
        """Open a fork, if nobody has moved or guessed meanwhile."""
        now = self._now(standing)
        if now.trail != standing.trail or now.grid != standing.grid:
            return Event.LATE
        layer = now.trail.opened + 1
        fork = Fork(layer, cell, digit, self._place.index, self._turn)
        self._state.trail.set(replace(now.trail, opened=layer, forks=(*now.trail.forks, fork)))
        return Event.GUESSED

    def refute(self, standing: Standing, step: Step | None) -> Event:
        """Discard the newest fork: its guess is wrong. The step, if any, is what showed it."""
        trail, fork = self._state.trail.get(), standing.fork
        assert fork is not None, "without a guess there is none to refute"
        if fork not in trail.forks:
            return Event.LATE
        if step is not None:
            self._state.moves(fork.layer).add(self._record(standing, step))
        before = trail.forks[: trail.forks.index(fork)]
        wrong = Step(SEARCH, ruled_out(fork.cell, 1 << (fork.digit - 1)))
        move = self._record(standing, wrong, refuted=fork.layer)
        parent = before[-1].layer if before else trail.root
        self._state.moves(parent).add(move)
        self._state.trail.set(replace(trail, forks=before))
        if not before:
            self._tell(move, standing.sure.with_facts(wrong.facts))
        return Event.REFUTED

    def solve(self, standing: Standing, step: Step | None) -> Event:
        """Fill in the whole grid: the forks become the state; the swarm has succeeded."""
        trail = self._state.trail.get()
        if standing.layer not in trail.layers:
            return Event.LATE
        facts = 0 if step is None else step.facts
        strategy = SEARCH if step is None else step.strategy
        after = standing.grid.with_facts(facts)
        if step is not None:
            self._state.moves(standing.layer).add(self._record(standing, step))
        found = after.solved_cells - Grid.of_clues(standing.clues).solved_cells
        self._state.fill(self._filled(after, found, strategy))
        self._shared.end(SwarmStatus.SUCCEEDED, "all 81 cells are solved")
        return Event.SOLVED

    def end_stuck(self, standing: Standing, step: Step | None) -> Event:
        """Say that nothing moves here, and end the swarm if nothing moves anywhere."""
        now = self._now(standing)
        if now.trail != standing.trail or now.grid != standing.grid:
            return Event.LATE
        if step is not None:
            self.dry(standing, step.strategy)
        self._rest(f"no rule moves any more, with {len(now.grid.solved_cells)} of 81 cells solved")
        return Event.STUCK

    def _rest(self, reason: str) -> None:
        """Note that this part has come to rest; end the swarm if all have, knowing the same."""
        known = len(self._state.board.members()) if self._place.has_board else 0
        if self._place.parts > 1:
            self._state.quiet.put(self._state.part, known)
            at_rest = [each for each in self._state.quiet.items().values() if each == known]
            if len(at_rest) < self._place.parts:
                return
        self._shared.end(SwarmStatus.EXHAUSTED, f"stuck: {reason}")

    def undo(self, trail_then: Trail, clues: str, audited: Audit) -> Event:
        """Start again from what no lie has touched, without those who lied."""
        trail = self._state.trail.get()
        if trail != trail_then:
            return Event.LATE
        liars = sorted({*trail.expelled, *(lie.by for lie in audited.lies)})
        root = trail.opened + 1
        self._state.trail.set(Trail(root, root, (), tuple(liars)))
        for move in audited.kept:
            self._state.moves(root).add(move)
        sound = Grid.joined((Grid.of_clues(clues).known, *(m.known for m in audited.kept)))
        self._state.empty({cell: SINGLES[sound.masks[cell]] for cell in sound.solved_cells})
        if len(liars) == self._place.agents_of_part:
            self._rest("every agent was proved to have written what does not follow")
        return Event.UNDONE

    def end_doomed(self) -> Event:
        """End the swarm: no digit is left for a cell, and every move follows from the clues."""
        self._shared.end(SwarmStatus.FAILED, "the grid contradicts itself, and every move follows")
        return Event.DOOMED

    def _now(self, standing: Standing) -> Standing:
        return self._state.standing(standing.clues, self._place.has_board)

    def _record(
        self, standing: Standing, step: Step, *, cells: tuple[int, ...] = (), refuted: int = 0
    ) -> Move:
        return Move(
            by=self._place.index,
            turn=self._turn,
            strategy=step.strategy,
            facts=f"{step.facts:x}",
            cells=cells,
            seen=standing.seen,
            generation=standing.grid.generation,
            refuted=refuted,
        )

    def _filled(self, grid: Grid, cells: frozenset[int], strategy: str) -> dict[int, Filled]:
        place = self._place
        return {
            cell: Filled(grid.digits(cell)[0], place.index, self._turn, strategy)
            for cell in sorted(cells)
            if grid.digits(cell)
        }
