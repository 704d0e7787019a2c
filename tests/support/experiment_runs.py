"""Runs of experiments made up for tests: a cell, a seed, and how it came out."""

import random
from dataclasses import replace

from orchestrator.experiments.measures import RunMeasures
from orchestrator.experiments.overhead import Overhead
from orchestrator.experiments.plan import Cell, Run, Size
from orchestrator.experiments.rows import RunRow
from orchestrator.experiments.samples import Sample
from orchestrator.experiments.tasks.protocol import Measures, Point
from tasks_schema.kinds import Mode, SwarmStatus

SIZE = Size(agents=4, iterations=5)
SWARM = Cell("optimization", "ridges", Mode.SWARM, SIZE)
PARALLEL = replace(SWARM, mode=Mode.PARALLEL)
SINGLE = replace(SWARM, mode=Mode.SINGLE)


def measures(
    quality: float = 0.5,
    *,
    solved_after: float | None = None,
    seconds: float = 10.0,
    evaluations: int = 1000,
) -> RunMeasures:
    """Return the figures of a run that was solved after a share of it, or not at all."""
    return RunMeasures(
        task=Measures(
            quality=quality,
            is_solved=solved_after is not None,
            evaluations_to_solution=None
            if solved_after is None
            else int(evaluations * solved_after),
            seconds_to_solution=None if solved_after is None else seconds * solved_after,
            evaluations=evaluations,
            cpu_seconds=seconds / 2,
            redundant=0.25,
            curve=(
                Point(evaluations // 2, seconds / 2, quality / 2),
                Point(evaluations, seconds, quality),
            ),
            detail={"explored": [[0, 1, 2, 3]]},
        ),
        seconds=seconds,
        agent_seconds=seconds * 2,
        attempts={"finished": 20},
    )


def overhead(share: float = 0.1, *, agent_seconds: float = 20.0) -> Overhead:
    """Return what coordination cost in a run, all of it on the network."""
    return Overhead(
        agent_seconds=agent_seconds,
        network_seconds=share * agent_seconds,
        wasted_seconds=0.0,
        queue_seconds=0.0,
        blocked_seconds=0.0,
        commits=100,
        runs=110,
    )


def sample(cell: Cell, seed: int, *, share: float = 0.1, **figures: float | None) -> Sample:
    """Return a run with these figures; see `measures`."""
    return Sample(cell, seed, measures(**figures), overhead(share))  # type: ignore[arg-type]


def row(run: Run, *, is_solved: bool = True) -> RunRow:
    """Return how a run is recorded whose outcome follows from its cell and seed alone."""
    drawn = random.Random(run.key)
    is_swarm = run.cell.mode is Mode.SWARM
    turns = run.cell.agents * run.cell.iterations
    figures = measures(
        1 - 1 / (1 + turns ** (0.6 if is_swarm else 0.4)) + drawn.gauss(0, 0.02),
        solved_after=drawn.uniform(0.2, 0.9) if is_solved else None,
        seconds=turns * 0.02,
        evaluations=turns * 200,
    )
    spent = {"commits": turns, "runs": turns + 3, "network_seconds": 0.002 * turns}
    return RunRow(
        run, "swarm-000000", SwarmStatus.EXHAUSTED, figures, {"sites": {"Lease._claim": spent}}
    )
