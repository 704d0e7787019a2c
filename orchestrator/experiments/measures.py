"""What is kept of a finished run: the task's own measures, and what every swarm has.

Pure: no I/O, no clock, no chance.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from orchestrator.experiments.tasks.protocol import AttemptRow, ExperimentTask, Measures
from tasks_schema.messages.swarm import SwarmSpec


@dataclass(frozen=True, slots=True)
class RunMeasures:
    """One run in figures: a pure function of its rows in Postgres."""

    task: Measures
    seconds: float
    """From the start of the first attempt to the end of the last."""
    agent_seconds: float
    """Summed over all attempts."""
    attempts: Mapping[str, int]
    """How many ended in each status."""


_ADAPTER = TypeAdapter(RunMeasures)


def measure_run(
    task: ExperimentTask, spec: SwarmSpec, attempts: Sequence[AttemptRow]
) -> RunMeasures:
    """Return the figures of a run.

    Args:
        task: that the run is of.
        spec: of its swarm.
        attempts: all that are reported, in any order.
    """
    ordered = sorted(attempts, key=lambda each: (each.ended_seconds, each.agent, each.turn))
    began = min((each.started_at.timestamp() for each in ordered), default=0.0)
    ended = max((each.ended_seconds for each in ordered), default=began)
    return RunMeasures(
        task=task.measure(spec, ordered),
        seconds=ended - began,
        agent_seconds=sum(each.seconds for each in ordered),
        attempts=Counter(each.status.value for each in ordered),
    )


def as_json(measures: RunMeasures) -> dict[str, Any]:
    """Return the figures as `experiment_runs.measures` has them."""
    written: dict[str, Any] = _ADAPTER.dump_python(measures, mode="json")
    return written


def of_json(written: Mapping[str, Any]) -> RunMeasures:
    """Return the figures that were written down."""
    return _ADAPTER.validate_python(written)
