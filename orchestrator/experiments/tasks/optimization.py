"""Optimization as an experiment: which surfaces, how large a run, and what came of it.

A surface is moved by the seed of a run, so that its optimum lies at no grid point and no agent can
know it; all modes get the same surface. `ridges` is the exception: it is the one function that is
given as it is, and stays in its place, so that with it seeds draw the agents' chance alone. Values
are those that the workers computed.

Pure: no I/O, no clock, no chance.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.protocol import AttemptRow, Measures, Point, began
from swarm_workers.problems.optimization.surface import Surface, surface_of
from tasks_schema.kinds import AgentKind, Sharing, SurfaceKind
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask

_QUICK = ("rastrigin-3", "ridges-3")
_FULL = (
    "rastrigin-3", "ridges-3", "rastrigin-5", "ackley-5", "schwefel-5", "griewank-4", "levy-8",
    "ridges-3@1e-4", "rastrigin-3~1",
)  # fmt: skip
"""The last two are where sharing has less to give: the best of the ridges is hardly higher than the
others, and who keeps one elite shares no more than the best point."""
_NAME = re.compile(r"([a-z]+)-(\d+)(?:@(0?\.\d+|\d+e-\d+))?(?:~(\d+))?")
_DIMENSIONS_MAX = 8
_ELITES_MAX = 16
_REGIONS_MAX = 256
"""About so many cells divide the box: more could not be visited in a run."""
_EVALUATIONS_MAX = 200
"""Of one turn: so much that a turn is work, and not mostly its own bookkeeping."""
_TOLERANCE = 1e-3
"""Of the way from the mean to the optimum, for all instances that do not name one."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What the name of an instance says."""

    surface: SurfaceKind
    dimensions: int
    tolerance: float = _TOLERANCE
    elites_max: int = _ELITES_MAX


class OptimizationExperiment:
    """Surfaces by name and dimensions, such as `rastrigin-3`.

    After an `@` stands the tolerance, after a `~` how many elites are kept.
    """

    name = "optimization"
    quality_name = "way from the mean to the optimum"
    redundant_name = "turns in a region that the run had searched before, of turns that explore"
    goal_name = (
        f"a value within {_TOLERANCE:g} of the way from the mean to the optimum, or within what "
        "stands after the `@`; the worker computes it anew and believes no claim"
    )
    remarks = (
        (
            "A surface is moved by the seed, so that no agent can know where its optimum lies; "
            "`ridges` alone stays where it was published."
        ),
        (
            f"A turn has up to {_EVALUATIONS_MAX} evaluations: so many that it is work, and not "
            "mostly bookkeeping. Turns are meant to be so few that one agent's own are often not "
            "enough, and those of all together are; the sweep over sizes shows how far that came "
            "true. At other sizes the factors are others."
        ),
        (
            "`ridges-3@1e-4` and `rastrigin-3~1` were taken in because sharing has less to give "
            "there: the best of the ridges is hardly higher than the others, and where one elite "
            "is kept, only the best point is shared."
        ),
    )
    kind = AgentKind.OPTIMIZER

    def instances(self, *, quick: bool) -> tuple[str, ...]:
        """Return the names of the surfaces."""
        return _QUICK if quick else _FULL

    def size(self, *, quick: bool) -> Size:
        """Return a size at which one agent's own turns are not enough, and all together are."""
        return Size(agents=8, iterations=8) if quick else Size(agents=8, iterations=10)

    def spec(self, instance: str, seed: int, cell: Cell) -> OptimizationTask:
        """Return the task on a surface that the seed has moved.

        Raises:
            UsageError: there is no such surface.
        """
        named = instance_named(instance)
        return OptimizationTask(
            description=f"find the greatest value of {instance}",
            iterations=cell.iterations,
            sharing=Sharing(cell.sharing),
            round_trip_seconds=cell.round_trip_seconds,
            surface=named.surface,
            dimensions=named.dimensions,
            shift_seed=seed + 1,  # 0 would leave the optimum where it is published
            cells_per_axis=cells_per_axis(named.dimensions),
            evaluations_max=_EVALUATIONS_MAX,
            elites_max=named.elites_max,
            tolerance=named.tolerance,
        )

    def measure(self, spec: SwarmSpec, attempts: Sequence[AttemptRow]) -> Measures:
        """Return what came of a run: the best value that any of its agents found."""
        assert isinstance(spec.task, OptimizationTask), f"swarm {spec.swarm_id} optimizes nothing"
        surface = surface_of(spec.task)
        curve = tuple(_curve(attempts, surface))
        goal = surface.quality(surface.goal(spec.task.tolerance))
        visits = _visits(attempts)
        return Measures.along(
            curve,
            attempts,
            goal=goal,
            evaluations=sum(each.evaluations for each in attempts),
            redundant=1 - len(visits) / visits.total() if visits else 0.0,
            detail=_detail(spec.task, attempts, visits),
        )


def instance_named(name: str) -> Instance:
    """Return what the name of an instance says.

    Raises:
        UsageError: there is no such surface, or what follows its name cannot be.
    """
    found = _NAME.fullmatch(name)
    kinds = [kind for kind in SurfaceKind if found and kind.value == found[1]]
    if found is None or not kinds:
        known = ", ".join(kind.value for kind in SurfaceKind)
        raise UsageError(f"there is no surface '{name}'; say {known} and a number, as {_FULL[0]}")
    kind, dimensions = kinds[0], int(found[2])
    if not 2 <= dimensions <= _DIMENSIONS_MAX or (kind is SurfaceKind.RIDGES and dimensions != 3):
        allowed = "3" if kind is SurfaceKind.RIDGES else f"2 to {_DIMENSIONS_MAX}"
        raise UsageError(f"'{name}' has {dimensions} dimensions; {kind} has {allowed}")
    tolerance, elites_max = float(found[3] or _TOLERANCE), int(found[4] or _ELITES_MAX)
    if not 0 < tolerance < 1:
        raise UsageError(f"'{name}' has a tolerance of {tolerance:g}; give one between 0 and 1")
    if not 1 <= elites_max <= _ELITES_MAX:
        raise UsageError(f"'{name}' keeps {elites_max} elites; give 1 to {_ELITES_MAX}")
    return Instance(kind, dimensions, tolerance, elites_max)


def cells_per_axis(dimensions: int) -> int:
    """Return into how many regions each axis is divided: 5 in three dimensions, fewer in more."""
    return next(cells for cells in (5, 4, 3, 2) if cells == 2 or cells**dimensions <= _REGIONS_MAX)


def _curve(attempts: Sequence[AttemptRow], surface: Surface) -> Iterator[Point]:
    """Yield a point wherever some agent found a better value than any had before."""
    evaluations, best = 0, 0.0
    start = began(attempts)
    for each in attempts:
        evaluations += each.evaluations
        quality = surface.quality(float(each.findings.get("score", float("-inf"))))
        if quality > best:
            best = quality
            yield Point(evaluations, each.ended_seconds - start, quality)


def _visits(attempts: Sequence[AttemptRow]) -> Counter[str]:
    """Return how often each region was searched, which exploring turns do.

    A turn that refines a point is in no region, and no repetition: it goes on from what is known.
    """
    regions = (str(each.findings.get("region", "")) for each in attempts)
    return Counter(region for region in regions if region)


def _detail(
    task: OptimizationTask, attempts: Sequence[AttemptRow], visits: Counter[str]
) -> dict[str, JsonValue]:
    roles = Counter(str(each.findings.get("role", "none")) for each in attempts)
    detail: dict[str, JsonValue] = {
        "refused": sum(bool(each.findings.get("refused")) for each in attempts),
        "regions": int(task.cells_per_axis**task.dimensions),
        "regions_searched": len(visits),
        "explored_turns": roles["explore"],
        "refined_turns": roles["refine"],
    }
    if task.dimensions == 3:
        cells = ((list(map(int, region.split("-"))), count) for region, count in visits.items())
        detail["explored"] = [[*cell, count] for cell, count in cells]
    return detail


TASK = OptimizationExperiment()
