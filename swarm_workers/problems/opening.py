"""The seam at which a worker process opens a swarm's problem, and what it lends to it.

One `OpenProblem` a swarm and process; one `Problem` an agent's turn.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Engine

from swarm_workers.clock import Clock
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.coordination.spaces import Spaces
from swarm_workers.protocols import Problem
from swarm_workers.sandbox.counted import CountedRunner
from swarm_workers.settings import Settings
from tasks_schema.messages.swarm import SwarmSpec


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a process lends to every problem that it opens."""

    engine: Engine
    spaces: Spaces
    settings: Settings
    clock: Clock
    runner: CountedRunner
    """Runs the programs that agents write; stays warm from swarm to swarm."""


class OpenProblem(Protocol):
    """One swarm's problem in one process."""

    @property
    def spec(self) -> SwarmSpec:
        """Of the swarm."""
        ...

    @property
    def shared(self) -> SharedState:
        """The variables that every swarm has."""
        ...

    @property
    def is_heavy(self) -> bool:
        """Whether it keeps sandboxes and checkouts, so that few can be open at once."""
        ...

    def problem(self, agent: str) -> Problem[Any, Any, Any]:
        """Return the problem as this agent sees it for one turn."""
        ...

    def interrupt(self) -> None:
        """End what runs for it now. Called from another thread, maybe often."""
        ...

    def close(self) -> None:
        """End what it keeps."""
        ...


class Opener(Protocol):
    """Opens problems of one kind."""

    def __call__(self, spec: SwarmSpec, workshop: Workshop) -> OpenProblem:
        """Return the problem of a swarm; nothing is started yet."""
        ...
