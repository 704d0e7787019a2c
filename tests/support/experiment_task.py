"""A task of experiments that is no problem of ours: for tests of what runs and reports any task."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.protocol import AttemptRow, Measures, Point
from tasks_schema.kinds import AgentKind, SurfaceKind
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask


@dataclass(frozen=True)
class Digging:
    """The deeper an attempt digs, the better; `findings` say how deep it was."""

    name: str = "digging"
    quality_name: str = "depth"
    redundant_name: str = "holes that were there before"
    goal_name: str = "water, which nobody finds"
    remarks: tuple[str, ...] = ("Sand is drawn by the seed.",)
    kind: AgentKind = AgentKind.OPTIMIZER
    grounds: tuple[str, ...] = ("sand", "clay")

    def instances(self, *, quick: bool) -> tuple[str, ...]:
        return self.grounds[:1] if quick else self.grounds

    def size(self, *, quick: bool) -> Size:
        return Size(2, 2) if quick else Size(4, 5)

    def spec(self, instance: str, seed: int, cell: Cell) -> OptimizationTask:
        return OptimizationTask(
            description=f"dig in {instance}",
            iterations=cell.iterations,
            sharing=cell.sharing,
            round_trip_seconds=cell.round_trip_seconds,
            surface=SurfaceKind.RIDGES,
            shift_seed=seed,
        )

    def measure(self, spec: SwarmSpec, attempts: Sequence[AttemptRow]) -> Measures:
        depth, spent, curve = 0.0, 0, []
        for attempt in attempts:
            depth = max(depth, float(attempt.findings["depth"]))
            spent += attempt.evaluations
            curve.append(Point(spent, float(len(curve)), depth))
        return Measures(
            quality=depth,
            is_solved=False,
            evaluations_to_solution=None,
            seconds_to_solution=None,
            evaluations=spent,
            cpu_seconds=sum(each.cpu_seconds for each in attempts),
            redundant=0.0,
            curve=tuple(curve),
            detail={"seed": spec.seed},
        )
