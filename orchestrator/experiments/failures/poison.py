"""A poisoned state: an agent writes what is wrong, and others build on it.

Provoked on the fleet: a Sudoku one of whose agents writes wrong cells on purpose. The audit that
overcomes it solves the puzzle by itself and knows the answer: an oracle. What is shown is that the
liar is found by what each move rests on, and what was built on the lie undone, once there is a
judge of single moves; not that there is one for every problem.
"""

from dataclasses import dataclass

from orchestrator.experiments.attempts import read_attempts
from orchestrator.experiments.failures.trial import Trial
from orchestrator.experiments.measures import measure_run
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.swarms import Swarms
from orchestrator.experiments.tasks.registry import task_of
from orchestrator.launch.iterative import ready_spec
from orchestrator.launch.parts import Parts
from tasks_schema.kinds import Mode
from tasks_schema.messages.task import Budget, SudokuTask

_SIZE = Size(agents=4, iterations=40)
_LIES = 4
_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Poison:
    """A liar among four agents of a Sudoku."""

    parts: Parts
    name: str = "poisoned state"
    provocation: str = (
        "on the fleet: one of four agents of a Sudoku writes a wrong cell in its first four turns"
    )
    remedy: str = (
        "a contradiction starts an audit, which solves the puzzle by itself and holds each move "
        "against the solution (an oracle): the liar is expelled, what rests on its lie undone"
    )
    without: str = "nobody audits: a contradiction that no guess explains ends the swarm unsolved"
    overcome: str = "all 81 cells are right"
    seconds_max: float = _SECONDS_MAX

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Return after how long the puzzle was solved all the same."""
        task = task_of("sudoku")
        instance = task.instances(quick=True)[-1]
        message = task.spec(instance, seed, Cell(task.name, instance, Mode.SWARM, _SIZE))
        assert isinstance(message, SudokuTask), "a Sudoku is asked for by a Sudoku's message"
        poisoned = message.model_copy(
            update={
                "lies": _LIES,
                "is_audited": has_remedy,
                "budget": Budget(seconds=_SECONDS_MAX),
            }
        )
        spec = ready_spec(poisoned, kind=task.kind, agents=_SIZE.agents, mode=Mode.SWARM, seed=seed)
        swarms = Swarms(self.parts)
        swarms.launch(spec)
        swarms.until_settled(spec.swarm_id)
        with self.parts.engine.begin() as connection:
            found = measure_run(task, spec, read_attempts(connection, spec.swarm_id))
        return Trial(
            is_overcome=found.task.is_solved,
            seconds=found.seconds,
            figures={"right cells": found.task.quality, "turns": sum(found.attempts.values())},
        )
