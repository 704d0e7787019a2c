"""Who shares with whom, and what: the place of one agent in its swarm.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass

from swarm_workers.agents.sudoku.grid import Grid, placed, ruled_out
from swarm_workers.agents.sudoku.strategies.catalogue import STRATEGIES
from tasks_schema.kinds import Mode, Sharing
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import SudokuTask


@dataclass(frozen=True, slots=True)
class Place:
    """Which agent it is, and with whom it shares."""

    index: int
    """Of the agent, from 0."""
    agents: int
    """How many the swarm has."""
    sharing: Sharing
    """`NOTHING` for an agent of mode `parallel`, whatever the task says."""

    @property
    def is_alone(self) -> bool:
        """Say whether this agent has a part of its own."""
        return self.sharing is not Sharing.BOTH

    @property
    def has_board(self) -> bool:
        """Say whether it tells the others digits alone, or candidates alone."""
        return self.sharing in (Sharing.BEST, Sharing.EXPLORED)

    @property
    def parts(self) -> int:
        """How many parts the swarm has."""
        return self.agents if self.is_alone else 1

    @property
    def agents_of_part(self) -> int:
        """How many agents work in one part."""
        return 1 if self.is_alone else self.agents

    def told(self, facts: int, after: Grid) -> int:
        """Return what of these facts the agents of other parts are told.

        Digits are facts too: of a cell that is solved by now. What says nothing of such a cell is a
        candidate ruled out.
        """
        if not self.has_board:
            return 0
        digits = 0
        for cell in after.solved_cells:
            digits |= ruled_out(cell, 0b1_1111_1111)
        if self.sharing is Sharing.EXPLORED:
            return facts & ~digits
        told = 0
        for cell in after.solved_cells:
            if facts & ruled_out(cell, 0b1_1111_1111):
                told |= placed(cell, after.digits(cell)[0])
        return told


def place_of(spec: SwarmSpec, agent: str) -> Place:
    """Return the place of an agent. Its index is the number that its id ends in."""
    assert isinstance(spec.task, SudokuTask), f"swarm {spec.swarm_id} does not work on a Sudoku"
    sharing = Sharing.NOTHING if spec.mode is Mode.PARALLEL else spec.task.sharing
    index = int(agent.rpartition("-")[2])
    return Place(index, spec.agents, sharing if spec.agents > 1 else Sharing.BOTH)


def strategies_of(spec: SwarmSpec, index: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the strategies of all agents together, and those of one.

    Generalists know all of them. Of specialists each knows one; an agent of mode `single` is the
    only one there is, and knows all in either case.
    """
    assert isinstance(spec.task, SudokuTask), f"swarm {spec.swarm_id} does not work on a Sudoku"
    in_play = spec.task.strategies or STRATEGIES
    if not spec.task.is_specialized or spec.mode is Mode.SINGLE:
        return in_play, in_play
    own = (in_play[index % len(in_play)],)
    if spec.mode is Mode.PARALLEL:
        return own, own
    dealt = in_play[: spec.agents]
    return dealt, own
