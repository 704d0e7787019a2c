"""Orders for attempts, and the reports that come back through the outbox."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from tasks_schema.ids import AgentId, AttemptId, SwarmId, attempt_id
from tasks_schema.kinds import AgentKind, AttemptStatus, TestOutcome

SCOPES_MAX = 16
"""Scopes that one report names: the sums of each are written with it."""
FINDINGS_BYTES_MAX = 64 * 1024
"""Of what one attempt found out, as JSON."""


class AttemptOrder(BaseModel):
    """One turn of one agent: the arguments of the Celery task, as Flower shows them."""

    model_config = ConfigDict(frozen=True)

    swarm: str
    agent: str
    kind: AgentKind
    turn: int = Field(ge=0)

    @property
    def attempt_id(self) -> AttemptId:
        """The id that this turn has on every machine."""
        return attempt_id(SwarmId(self.swarm), AgentId(self.agent), self.turn)


class TestResult(BaseModel):
    """How one test ended in one run of the success command."""

    __test__ = False  # pytest must not collect this class
    model_config = ConfigDict(frozen=True)

    test: str
    """The runner's own name of the test, for pytest its node id."""
    outcome: TestOutcome
    seconds: float = Field(ge=0)
    message: str = ""
    """For a red test the first line of its failure, at most 500 characters."""


class AttemptReport(BaseModel):
    """All that Postgres learns of an attempt. Idempotent by `attempt_id`: the first one wins."""

    model_config = ConfigDict(frozen=True)

    attempt_id: uuid.UUID
    swarm: str
    agent: str
    kind: AgentKind
    turn: int
    status: AttemptStatus
    reason: str = ""
    """Why it ended so, in a sentence; what was changed, for one that landed."""
    worker: str
    """`host/pid` of the process that ran it."""
    started_at: datetime
    seconds: float
    candidates: int = 0
    """Candidates that were evaluated."""
    operations_spent: int = 0
    """Edits that were proposed and evaluated."""
    base_landing: int
    landing: int | None = None
    """The landing that it made; None if it made none."""
    exit_status: int | None = None
    """Of the success command on the state that this attempt ended with; None if it was not run."""
    tests: tuple[TestResult, ...] = ()
    """Of that run."""
    scopes: tuple[str, ...] = Field(default=(), max_length=SCOPES_MAX)
    """Dotted paths of the modules, classes and functions that it changed, or wanted to."""
    findings: dict[str, JsonValue] | None = None
    """What it found out, in the words of its problem; at most `FINDINGS_BYTES_MAX` as JSON."""
    evaluations: int = Field(default=0, ge=0)
    """Calls of the function, placements or readings that it made: the problem's own unit."""
    cpu_seconds: float | None = None
    """Processor time of the worker and of what it ran in the sandbox; None if not measured."""
    tokens: int | None = None
    """Of language models, in and out; None if no model was asked."""
    dollars: float | None = None
    """What these cost; None if no model was asked."""

    @field_validator("findings")
    @classmethod
    def _bounded(cls, findings: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        return findings and bounded(findings)

    def with_findings(self, findings: Mapping[str, JsonValue]) -> "AttemptReport":
        """Return the report with these findings; they must be small enough."""
        return self.model_copy(update={"findings": bounded(findings)})


def bounded(findings: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return findings that a report can carry.

    Raises:
        ValueError: they are longer than `FINDINGS_BYTES_MAX` as JSON.
    """
    size = len(json.dumps(findings).encode())
    if size > FINDINGS_BYTES_MAX:
        raise ValueError(f"findings of {size} bytes; at most {FINDINGS_BYTES_MAX} are reported")
    return dict(findings)
