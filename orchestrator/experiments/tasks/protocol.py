"""The seam of an experiment: what the runner and the report ask of a task.

There is one implementation a task beside this file: a module with a constant `TASK`, which
`registry.py` finds by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

from pydantic import JsonValue

from orchestrator.experiments.plan import Cell, Size
from tasks_schema.kinds import AgentKind, AttemptStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ReadyTask

_Amount = TypeVar("_Amount", int, float)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One reported attempt of a run, as Postgres has it."""

    agent: str
    turn: int
    status: AttemptStatus
    started_at: datetime
    seconds: float
    findings: Mapping[str, Any]
    """What the attempt reported of its problem; empty if it reported nothing."""
    evaluations: int
    cpu_seconds: float
    tokens: int | None
    """None where no model was asked."""
    dollars: float | None
    """None where no model was asked."""

    @property
    def ended_seconds(self) -> float:
        """Unix time of its end: attempts are put in the order in which they ended."""
        return self.started_at.timestamp() + self.seconds


@dataclass(frozen=True, slots=True)
class Point:
    """How good a run was at one moment."""

    evaluations: int
    """Spent by all agents up to then."""
    seconds: float
    """Since the first attempt of the run started."""
    quality: float


@dataclass(frozen=True, slots=True)
class Measures:
    """What came of one run."""

    quality: float
    """At least 0, higher is better, on a scale on which ratios of two modes mean something."""
    is_solved: bool
    """Whether the task's own goal was reached."""
    evaluations_to_solution: int | None
    """Spent by all agents when it was reached; None if it was not."""
    seconds_to_solution: float | None
    """Since the first attempt started; None if it was not reached."""
    evaluations: int
    """Spent by all agents in the whole run."""
    cpu_seconds: float
    redundant: float
    """Share of the work that repeats what some agent of the run had done before: 0 to 1. Of which
    work, the task says: see `ExperimentTask.redundant_name`."""
    tokens: int | None = None
    """Of all attempts in which a model was asked; None if in none."""
    dollars: float | None = None
    """Likewise."""
    curve: tuple[Point, ...] = ()
    """Where the quality changed, in order of time; the best that the run as a whole had by then."""
    detail: Mapping[str, JsonValue] = field(default_factory=dict)
    """What only this task knows, as JSON; `explored` (a list of [x, y, z, visits]) makes a map."""

    @classmethod
    def along(
        cls,
        curve: tuple[Point, ...],
        attempts: Sequence[AttemptRow],
        *,
        goal: float | None,
        evaluations: int,
        redundant: float,
        detail: Mapping[str, JsonValue],
    ) -> Self:
        """Return what came of a run whose quality took this course.

        Its solution is the first point that reaches the goal: turns that are under way then still
        end, and may find what is better yet.

        Args:
            curve: see there; empty if nothing was found.
            attempts: of the run.
            goal: the quality from which on the run is solved; None if no quality is.
            evaluations: see there.
            redundant: see there.
            detail: see there.
        """
        reached = (point for point in curve if goal is not None and point.quality >= goal)
        end = next(reached, None)
        return cls(
            quality=curve[-1].quality if curve else 0.0,
            is_solved=end is not None,
            evaluations_to_solution=None if end is None else end.evaluations,
            seconds_to_solution=None if end is None else end.seconds,
            evaluations=evaluations,
            cpu_seconds=sum(each.cpu_seconds for each in attempts),
            redundant=redundant,
            tokens=_total(each.tokens for each in attempts),
            dollars=_total(each.dollars for each in attempts),
            curve=curve,
            detail=detail,
        )


def began(attempts: Sequence[AttemptRow]) -> float:
    """Return the Unix time at which the first attempt of a run started; 0 if there is none.

    The first to start need not be the first to end, so all are looked at before any is timed.
    """
    return min((each.started_at.timestamp() for each in attempts), default=0.0)


def _total(amounts: Iterable[_Amount | None]) -> _Amount | None:
    """Return the sum of those that are there; None if none is, which is not the same as 0."""
    there = [amount for amount in amounts if amount is not None]
    return sum(there[1:], there[0]) if there else None


class ExperimentTask(Protocol):
    """A task. Law: `spec` and `measure` depend on their arguments alone."""

    @property
    def name(self) -> str:
        """The task's name on the command line."""
        ...

    @property
    def quality_name(self) -> str:
        """What `Measures.quality` counts, in words for a table's head, such as `cells solved`."""
        ...

    @property
    def redundant_name(self) -> str:
        """What `Measures.redundant` is the share of, in words that follow `the share of`."""
        ...

    @property
    def goal_name(self) -> str:
        """When a run counts as solved, in words that follow `solved:`, and how that is known."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was chosen for this task that its figures rest on, and why: a sentence or two each.

        Law: whoever changes an instance or a size has the sentence beside it to change.
        """
        ...

    @property
    def kind(self) -> AgentKind:
        """The strategy of its agents."""
        ...

    def instances(self, *, quick: bool) -> tuple[str, ...]:
        """Return the names of the instances; the first one stands for all in sweep and ablation."""
        ...

    def size(self, *, quick: bool) -> Size:
        """Return the size of a run where none is asked for."""
        ...

    def spec(self, instance: str, seed: int, cell: Cell) -> ReadyTask:
        """Return the task message of a run: what `SwarmSpec.task` is to be.

        Args:
            instance: one of `instances`, or another that the task can make of its name.
            seed: of the run; the same in all modes, so that runs can be paired by it.
            cell: for turns per agent (`iterations`), `sharing` and `round_trip_seconds`.

        Raises:
            UsageError: there is no such instance.
        """
        ...

    def measure(self, spec: SwarmSpec, attempts: Sequence[AttemptRow]) -> Measures:
        """Return what came of a run.

        Args:
            spec: of its swarm.
            attempts: all that are reported, in the order in which they ended.
        """
        ...


@runtime_checkable
class ReadingTask(ExperimentTask, Protocol):
    """A task whose agents read documents, of which a person may name more."""

    def reading(self, sources: tuple[str, ...], corpus: tuple[str, ...]) -> Self:
        """Return the task with more to read.

        Args:
            sources: URLs.
            corpus: absolute paths of folders.

        Raises:
            UsageError: one of them cannot be read.
        """
        ...
