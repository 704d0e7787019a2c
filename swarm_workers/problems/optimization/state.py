"""The shared variables of an optimization, and how elites are joined.

| variable | type | meaning |
|---|---|---|
| `<results>best` | TVar[Best or None] | the best point found so far, and who found it |
| `<results>elites` | TVar[tuple of Elite] | the best points of different searches, best first |
| `<tracks>explored` | set | names of the regions that have been searched |
| `<tracks>claims` | map | by agent: the region that it searches now, until when |
| `iterations` | counter | turns that have ended, of all agents |

`<results>` and `<tracks>` are empty where agents share them, and `<agent>/` where they do not: in
mode `parallel`, and where the task's sharing leaves them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm_workers.agents.optimization.policy import selected
from swarm_workers.agents.optimization.view import Box, Elite, Point
from swarm_workers.stm import Stm, TMap, TSet, TVar
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask


@dataclass(frozen=True, slots=True)
class Best:
    """The best solution so far."""

    point: Point
    score: float
    agent: str
    turn: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A region that an agent searches. It holds until its time: who died frees it so."""

    region: str
    until: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Improvement:
    """A point that a turn found, with its value as the worker computed it."""

    parent: Elite | None
    """The elite that it was made from and is better than; None if it is new."""
    elite: Elite


class OptimizationState:
    """The variables that one agent sees."""

    def __init__(self, stm: Stm, spec: SwarmSpec, agent: str) -> None:
        """Name the variables; nothing is read or written."""
        assert isinstance(spec.task, OptimizationTask), f"{spec.swarm_id} optimizes nothing"
        sharing = spec.task.sharing
        results = spec.part(agent) if sharing.has_results else f"{agent}/"
        tracks = spec.part(agent) if sharing.has_tracks else f"{agent}/"
        self.best: TVar[Best | None] = stm.var(f"{results}best", Best | None, default=None)
        self.elites: TVar[tuple[Elite, ...]] = stm.var(
            f"{results}elites", tuple[Elite, ...], default=()
        )
        self.explored: TSet[str] = stm.set(f"{tracks}explored", str)
        self.claims: TMap[Claim] = stm.map(f"{tracks}claims", Claim)
        self.iterations = stm.counter("iterations")


def joined(
    elites: Sequence[Elite], improvements: Sequence[Improvement], elites_max: int, box: Box
) -> tuple[Elite, ...]:
    """Return the elites after improvements: each takes its parent's place, if that is still there.

    An improvement whose parent has been replaced meanwhile joins as a new one.
    """
    known = list(elites)
    for each in improvements:
        if each.parent in known:
            known.remove(each.parent)
        if each.elite not in known:
            known.append(each.elite)
    return selected(known, elites_max, box)
