"""An optimization as one agent sees it for one turn."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import JsonValue
from typing_extensions import override

from swarm_workers.agents.optimization.policy import Grid, role_of
from swarm_workers.agents.optimization.view import OptimizationView, Role, SearchCode
from swarm_workers.clock import Clock
from swarm_workers.coordination.records import TurnRecord
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.iterative import IterativeProblem
from swarm_workers.problems.optimization.answers import Judged, judge
from swarm_workers.problems.optimization.state import Best, Claim, OptimizationState, joined
from swarm_workers.problems.optimization.surface import surface_of
from swarm_workers.protocols import Costs, Evaluation, Findings, Turn
from swarm_workers.sandbox.counted import CountedFunction, CountedRunner
from swarm_workers.stm import TVar
from tasks_schema.kinds import SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask

CLAIM_SECONDS = 60.0
"""How long a region stays claimed at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a turn's program found out."""

    judged: Judged
    error: str
    """What the program raised, or why it was ended; empty if it came to its end."""


class OptimizationProblem(IterativeProblem[OptimizationView, SearchCode, Found]):
    """One agent's turn at a function."""

    def __init__(
        self, spec: SwarmSpec, agent: str, shared: SharedState, runner: CountedRunner, clock: Clock
    ) -> None:
        """Name the variables; nothing is read."""
        assert isinstance(spec.task, OptimizationTask), f"{spec.swarm_id} optimizes nothing"
        self._spec = spec
        self._task = spec.task
        self._agent = agent
        self._shared = shared
        self._runner = runner
        self._clock = clock
        self._surface = surface_of(spec.task)
        self._grid = Grid(spec.task.dimensions, spec.task.cells_per_axis)
        self._state = OptimizationState(shared.stm, spec, agent)

    @override
    @contextmanager
    def look(self) -> Iterator[OptimizationView]:
        """Read elites and explored regions, and claim one of these, at one instant."""
        turn = self._shared.turn(self._agent)
        yield self._shared.stm.atomically(self._look, turn, self._clock.now().timestamp())

    @override
    def give_back(self) -> None:
        """Let others have the region that this agent claimed."""
        self._shared.stm.atomically(self._state.claims.remove, self._agent)

    @override
    def evaluate(
        self,
        view: OptimizationView,
        candidates: Iterable[SearchCode],
        is_stopped: Callable[[], bool],
    ) -> Evaluation[Found]:
        """Run the program in the sandbox, and recompute what it claims."""
        code = next(iter(candidates), None)
        if code is None or is_stopped():
            return Evaluation(candidates=0, operations_spent=0)
        name = self._task.surface.value
        counted = CountedFunction(name, self._surface.shift, self._task.evaluations_max)
        run = self._runner.run(code.text, counted)
        found = Found(judge(run.answer, view.elites, self._surface), run.error)
        costs = Costs(evaluations=run.evaluations, sandbox_cpu_seconds=run.cpu_seconds)
        return Evaluation(candidates=1, operations_spent=0, found=found, costs=costs)

    @override
    def settle(self, view: OptimizationView, evaluation: Evaluation[Found], turn: Turn) -> Findings:
        """Join what was found to the elites, mark the region, and end the swarm if it is solved."""
        found, state = evaluation.found, self._state
        region = "" if view.cell is None else self._name(view.cell)
        findings: Findings = {"role": view.role.value, "region": region}
        if region:
            state.claims.remove(self._agent)
        state.iterations.add(1)
        if found is None:
            return findings
        if region and not found.judged.refused:
            state.explored.add(region)
        return {**findings, **self._shared_of(found, turn)}

    @override
    def reason(self, evaluation: Evaluation[Found]) -> str:
        """Say what was wrong with the program, if anything."""
        if evaluation.found is None:
            return "no program was written"
        return evaluation.found.error or evaluation.found.judged.refused

    def _shared_of(self, found: Found, turn: Turn) -> Findings:
        """Write elites and best, and return what the report says of them."""
        state, best = self._state, found.judged.best
        refused = found.error or found.judged.refused
        if best is None:
            return {"refused": refused}
        elites = state.elites.get()
        improvements, box = found.judged.improvements, self._surface.box
        state.elites.set(joined(elites, improvements, self._task.elites_max, box))
        is_better = not elites or best.score > elites[0].score
        if is_better:
            state.best.set(Best(best.point, best.score, turn.agent_id, turn.turn))
        quality = self._surface.quality(best.score)
        if best.score >= self._surface.goal(self._task.tolerance):
            reason = f"{self._agent} found a value of {best.score:.9g}"
            self._shared.end(SwarmStatus.SUCCEEDED, reason)
        point: list[JsonValue] = list(best.point)
        return {
            "point": point, "score": best.score, "quality": quality, "improved": is_better,
            "refused": refused,
        }  # fmt: skip

    def _look(self, turn: TVar[TurnRecord], now: float) -> OptimizationView:
        state, task = self._state, self._task
        elites, explored = state.elites.get(), state.explored.members()
        claims = state.claims.items()
        claimed = {
            each.region
            for agent, each in claims.items()
            if agent != self._agent and each.until > now
        }
        seed = f"{self._spec.seed}/{self._agent}/{turn.get().turn}/look"
        chance = random.Random(seed)  # noqa: S311 - chance that can be replayed, not a secret
        free = self._grid.free(explored | claimed, chance)
        role = role_of(
            elites, task.elites_max, self._surface.box, has_free=free is not None, chance=chance
        )
        cell = None if free is None or role is Role.REFINE else self._grid.cell(free)
        if cell is not None:
            state.claims.put(self._agent, Claim(self._name(cell), now + CLAIM_SECONDS))
        elif self._agent in claims:
            state.claims.remove(self._agent)
        return OptimizationView(
            box=self._surface.box,
            evaluations_max=task.evaluations_max,
            elites=elites,
            explored_count=len(explored),
            regions_count=self._grid.count,
            role=role,
            region=self._surface.box.region(cell, task.cells_per_axis)
            if cell
            else self._surface.box,
            cell=cell,
        )

    def _name(self, cell: tuple[int, ...]) -> str:
        return "-".join(map(str, cell))
