"""Deadlock: somebody waits in `retry` for something that nobody is left to do.

Provoked on the fleet: a Sudoku whose agents know four rules, which do not solve it. That nothing
moves any more is a state of the swarm's space, written by the turn that finds the last rule dry;
whoever waits reads it together with the grid, so that turn wakes him. No clock is asked.
"""

import threading
import time
from dataclasses import dataclass

from orchestrator.experiments.attempts import read_attempts
from orchestrator.experiments.failures.trial import Trial
from orchestrator.experiments.swarms import Swarms
from orchestrator.experiments.tasks.protocol import AttemptRow
from orchestrator.experiments.tasks.sudoku_instances import instance_named
from orchestrator.launch.iterative import ready_spec
from orchestrator.launch.parts import Parts
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.sudoku.grading import RULES_OF, Grade
from swarm_workers.problems.sudoku.state import SudokuState
from swarm_workers.problems.sudoku.watching import wait_until_over
from swarm_workers.stm import Stm, TransactionTimeoutError, check
from tasks_schema.kinds import AgentKind, Mode, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import Budget, SudokuTask

_AGENTS = 4
_TURNS = 200
"""Of each agent: many more than it takes until no rule moves."""
_PUZZLES = 50
"""`hidden-1` to `hidden-50` of the collection: the four rules do not suffice, a fifth would."""
_SECONDS_MAX = 5.0
"""From before the launch on: the same with the remedy and without."""


@dataclass(frozen=True, slots=True)
class Deadlock:
    """An operator wants 81 cells, of which the agents can find some."""

    parts: Parts
    name: str = "deadlock"
    provocation: str = (
        "on the fleet: four agents of a Sudoku know the four named rules, which do not solve it; "
        "an operator waits in `retry` for 81 cells"
    )
    remedy: str = (
        "that nothing moves is written by the turn that finds the last rule dry; the operator "
        "reads it together with the cells, and is woken"
    )
    without: str = (
        "the operator reads only the cells: nothing can wake him, so the time is how long was "
        "waited after the last move"
    )
    overcome: str = "the operator knew that the swarm is stuck; timed from its last move"
    seconds_max: float = _SECONDS_MAX

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Return after how long the operator knew that he waits in vain, from the last move on."""
        spec = spec_of(seed)
        operator = _Operator(self.parts.settings.require_redis_url(), spec, has_remedy=has_remedy)
        swarms = Swarms(self.parts)
        thread = threading.Thread(target=operator.wait, daemon=True)
        thread.start()
        swarms.launch(spec)
        swarms.until_settled(spec.swarm_id)
        thread.join()
        with self.parts.engine.begin() as connection:
            attempts = read_attempts(connection, spec.swarm_id)
        return Trial(
            is_overcome=operator.knows,
            seconds=max(0.0, operator.ended_at - _last_move(attempts)),
            figures={"turns": float(len(attempts))},
        )


class _Operator:
    """Waits for the end of a Sudoku, no longer than the limit."""

    def __init__(self, url: str, spec: SwarmSpec, *, has_remedy: bool) -> None:
        assert isinstance(spec.task, SudokuTask), "the operator was given a Sudoku"
        self._stm = Stm.connect(url, spec.swarm_id)
        self._clues = spec.task.puzzle
        self._has_remedy = has_remedy
        self.knows = False
        self.ended_at = 0.0
        """Unix seconds."""

    def wait(self) -> None:
        """Wait, and write down whether and when it was known to be in vain."""
        try:
            self.knows = self._knows()
        except TransactionTimeoutError:
            self.knows = False
        finally:
            self.ended_at = time.time()  # noqa: TID251 - compared with the reports of workers
            self._stm.close()

    def _knows(self) -> bool:
        if not self._has_remedy:
            self._stm.atomically(self._wait_for_cells, timeout_seconds=_SECONDS_MAX)
            return False
        shared = SharedState(self._stm)
        end = wait_until_over(shared, self._clues, timeout_seconds=_SECONDS_MAX)
        return end.status is SwarmStatus.EXHAUSTED and end.reason.startswith("stuck")

    def _wait_for_cells(self) -> None:
        check(SudokuState(self._stm).solved() == self._clues.count("."))


def spec_of(seed: int) -> SwarmSpec:
    """Return a swarm on a puzzle that its agents cannot solve, another one for each seed."""
    task = SudokuTask(
        description="a Sudoku that its agents cannot solve",
        puzzle=instance_named(f"hidden-{1 + seed % _PUZZLES}").clues,
        strategies=RULES_OF[Grade.NAMED],
        iterations=_TURNS,
        budget=Budget(seconds=60),
    )
    return ready_spec(task, kind=AgentKind.SOLVER, agents=_AGENTS, mode=Mode.SWARM, seed=seed)


def _last_move(attempts: list[AttemptRow]) -> float:
    """Return when the last turn ended that concluded something, in Unix seconds."""
    moves = [each.ended_seconds for each in attempts if each.findings.get("event") == "moved"]
    return max(moves, default=min(each.ended_seconds for each in attempts))
