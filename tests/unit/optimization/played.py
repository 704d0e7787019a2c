"""A swarm of optimizers played in one process: a space in memory, programs run where they are."""

import random
from typing import Any

from pydantic import JsonValue

from swarm_workers.agents.optimization.strategy import OptimizerAgent
from swarm_workers.clock import RealClock
from swarm_workers.coordination.records import TurnRecord
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.optimization.problem import OptimizationProblem
from swarm_workers.protocols import Turn
from swarm_workers.sandbox.counted import CountedFunction, CountedRun
from swarm_workers.sandbox.inside.surfaces import FORMS, moved
from swarm_workers.stm import Stm
from tasks_schema.kinds import AgentKind, Mode, SurfaceKind
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask


class PlainRunner:
    """Runs programs without a sandbox: only those that our own agent wrote."""

    def run(self, code: str, function: CountedFunction) -> CountedRun:
        value, calls = moved(FORMS[function.name], function.shift), 0

        def f(point: list[float]) -> float:
            nonlocal calls
            calls += 1
            return value(point)

        names: dict[str, Any] = {"f": f}
        exec(code, names)
        answer: JsonValue = names["answer"]
        return CountedRun(calls, answer, "", 0.0)


class PlayedSwarm:
    """Agents that take their turns one after another."""

    def __init__(self, mode: Mode, seed: int, *, agents: int, iterations: int, **task: Any) -> None:
        known = {"surface": SurfaceKind.RASTRIGIN, "dimensions": 3, "shift_seed": seed + 1}
        wanted = OptimizationTask(description="climb", iterations=iterations, **(known | task))
        self.spec = SwarmSpec(
            swarm_id="s-1",
            task=wanted,
            agents=agents,
            kind=AgentKind.OPTIMIZER,
            mode=mode,
            seed=seed,
        )
        self.shared = SharedState(Stm.in_memory("s-1"))
        self.shared.stm.atomically(self.shared.begin)
        self.evaluations = 0
        self._agent = OptimizerAgent()

    def problem(self, agent: str) -> OptimizationProblem:
        return OptimizationProblem(self.spec, agent, self.shared, PlainRunner(), RealClock())

    def turn(self, agent: str, number: int) -> dict[str, JsonValue]:
        """Play one turn to its end and return its findings."""
        stm, problem = self.shared.stm, self.problem(agent)
        stm.atomically(self.shared.turn(agent).set, TurnRecord(turn=number))
        chance = random.Random(f"{self.spec.seed}/{agent}/{number}").getrandbits(64)
        turn = Turn("s-1", agent, number, chance, 60)
        with problem.look() as view:
            evaluation = problem.evaluate(view, self._agent.propose(view, turn), lambda: False)
            self.evaluations += evaluation.costs.evaluations
            return dict(stm.atomically(problem.land(view, evaluation, turn).settle))

    def play(self) -> bool:
        """Play until the goal is reached or all turns are taken; say whether it was."""
        for number in range(self.spec.task.iterations):
            for index in range(self.spec.agents):
                self.turn(f"optimizer-{index:04d}", number)
                if self.shared.stm.atomically(self.shared.state.get).status.is_final:
                    return True
        return False
