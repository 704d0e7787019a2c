"""What is to be run: cells, and the runs of a cell, one for each seed.

A run is one swarm. Its key tells all that its outcome may depend on, so that a run which is
recorded is not run again, and any cell can be run again by one command.

Pure: no I/O, no clock, no chance.
"""

from dataclasses import dataclass
from hashlib import sha256

from tasks_schema.kinds import Mode, Sharing

SIZES = (1, 2, 4, 8, 16, 32)
"""Agents of a swarm in the sweep."""
ROUND_TRIPS_SECONDS = (0.0, 0.001, 0.005)
"""Emulated between an agent and the shared state."""

FAILURES = "failures"
"""Recorded and asked for like a task, though its trials are no runs of cells."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much a run may do: the same in all modes."""

    agents: int
    """Of modes `parallel` and `swarm`; mode `single` has one agent with the turns of all."""
    iterations: int
    """Turns of each agent of modes `parallel` and `swarm`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of an experiment: all that runs with different seeds have in common."""

    task: str
    instance: str
    mode: Mode
    size: Size
    sharing: Sharing = Sharing.BOTH
    """Of mode `swarm`; in the others there is nobody to share with."""
    round_trip_seconds: float = 0.0

    @property
    def agents(self) -> int:
        """How many agents the swarm of a run has."""
        return 1 if self.mode is Mode.SINGLE else self.size.agents

    @property
    def iterations(self) -> int:
        """How many turns each of them has: the total is the same in all modes."""
        return self.size.agents * self.size.iterations // self.agents

    @property
    def key(self) -> str:
        """The cell in words that sort and read well."""
        return (
            f"{self.task}/{self.instance}/{self.mode}/{self.size.agents}x{self.size.iterations}"
            f"/{self.sharing}/{self.round_trip_seconds * 1000:g}ms"
        )


@dataclass(frozen=True, slots=True)
class Run:
    """A cell and a seed: one swarm."""

    cell: Cell
    seed: int

    @property
    def key(self) -> str:
        """What tells this run from every other one of an experiment."""
        return f"{self.cell.key}/{self.seed}"

    @property
    def lot(self) -> str:
        """Where in the order of its seed it comes: as good as drawn, and always the same.

        Runs that are under way together slow each other down. In the order of a plan a swarm would
        always meet the same neighbours, and its seconds would be theirs.
        """
        return sha256(self.key.encode()).hexdigest()
