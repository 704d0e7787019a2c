"""An experiment and its runs as they are recorded.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.experiments.measures import RunMeasures
from orchestrator.experiments.plan import Run
from tasks_schema.kinds import SwarmStatus


@dataclass(frozen=True, slots=True)
class Experiment:
    """What was asked for, where, and with what."""

    experiment_id: str
    spec: Mapping[str, Any]
    machine: Mapping[str, Any]
    versions: Mapping[str, Any]
    command: str
    """What a person types to run it again; a line each, if it was gone on with by another."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as it is recorded."""

    run: Run
    swarm_id: str | None
    """None until it is launched."""
    status: SwarmStatus
    measures: RunMeasures | None
    """None until it has ended."""
    statistics: Mapping[str, Any] | None
    """Of its transactions; None until it has ended."""
