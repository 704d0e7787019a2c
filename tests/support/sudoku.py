"""A swarm on a Sudoku without a fleet: turns taken one after the other, or overlapping by chance.

Each turn goes through the seats that the fleet uses: look, propose, evaluate, and settle in one
transaction. Only the lease and the broker are left out.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from swarm_workers.agents.sudoku.agent import SudokuAgent
from swarm_workers.coordination.records import SwarmState
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.sudoku.problem import SudokuProblem
from swarm_workers.problems.sudoku.state import SudokuState
from swarm_workers.protocols import Findings, Turn
from swarm_workers.stm import Stm
from tasks_schema.kinds import AgentKind, Mode
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import SudokuTask

Settle = Callable[[], Findings]


def spec_of(puzzle: str, *, agents: int = 4, mode: Mode = Mode.SWARM, seed: int = 0, **task):
    """Return the spec of a swarm on a puzzle."""
    return SwarmSpec(
        swarm_id="s-1",
        task=SudokuTask(description="solve it", iterations=100_000, puzzle=puzzle, **task),
        agents=agents,
        kind=AgentKind.SOLVER,
        mode=mode,
        seed=seed,
    )


@dataclass
class Table:
    """A swarm around one space."""

    spec: SwarmSpec
    stm: Stm = field(default_factory=lambda: Stm.in_memory("s-1"))
    told: list[Findings] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shared = SharedState(self.stm)
        self.state = SudokuState(self.stm)
        self.stm.atomically(self.shared.begin)

    def look(self, index: int, turn: int) -> Settle:
        """Take a turn of an agent up to where it would share."""
        name = f"solver-{index:04d}"
        seed = random.Random(f"{self.spec.seed}/{name}/{turn}").getrandbits(64)
        problem = SudokuProblem(self.spec, self.shared, name)
        mine = Turn(self.spec.swarm_id, name, turn, seed, 60)
        with problem.look() as view:
            steps = SudokuAgent().propose(view, mine)
            outcome = problem.land(view, problem.evaluate(view, steps, lambda: False), mine)
        assert outcome.settle is not None
        return outcome.settle

    def settle(self, settle: Settle) -> SwarmState:
        """Share, and return how the swarm stands."""
        self.told.append(self.stm.atomically(settle))
        return self.stm.atomically(self.shared.state.get)

    def play(self, *, turns_max: int = 30_000) -> SwarmState:
        """Let agents take turns one after the other until the swarm ends."""
        for number in range(turns_max):
            turn, index = divmod(number, self.spec.agents)
            state = self.settle(self.look(index, turn))
            if state.status.is_final:
                return state
        raise AssertionError(f"not at its end after {turns_max} turns")

    def play_overlapping(self, chance: random.Random, *, turns_max: int = 30_000) -> SwarmState:
        """Let turns overlap as chance has it, and let some workers die before they share."""
        turns = [0] * self.spec.agents
        pending: dict[int, Settle] = {}
        for _ in range(turns_max):
            index = chance.randrange(self.spec.agents)
            if index not in pending:
                pending[index] = self.look(index, turns[index])
            elif chance.random() < 0.05:
                del pending[index]  # died: the same turn is taken again
            else:
                turns[index] += 1
                if (state := self.settle(pending.pop(index))).status.is_final:
                    return state
        raise AssertionError(f"not at its end after {turns_max} turns")

    @property
    def text(self) -> str:
        """The shared grid with the clues, as 81 characters."""
        filled = {each.cell: each.digit for each in self.stm.atomically(self.state.grid.members)}
        clues = enumerate(self.spec.task.puzzle)
        return "".join(str(filled.get(cell, clue)) for cell, clue in clues)

    def events(self) -> list[str]:
        return [str(each["event"]) for each in self.told]
