"""A spec in Postgres comes back as the task that it was, whichever problem it is about."""

import pytest
from pydantic import ValidationError

from tasks_schema.kinds import AgentKind, Mode, Sharing, SurfaceKind
from tasks_schema.messages.attempt import FINDINGS_BYTES_MAX, AttemptReport
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import (
    CodeTask,
    Interpreter,
    OptimizationTask,
    ResearchTask,
    SudokuTask,
)

CODE = CodeTask(
    description="mend it",
    repository="/r",
    success="true",
    success_argv=("true",),
    interpreter=Interpreter(executable="/p", version=(3, 11), folders=()),
)
TASKS = [
    CODE,
    OptimizationTask(description="climb", iterations=10, surface=SurfaceKind.ACKLEY),
    SudokuTask(description="fill in", iterations=10, puzzle="." * 81, sharing=Sharing.NOTHING),
    ResearchTask(description="find out", iterations=10, topic="memory"),
]
WRITTEN_BEFORE = {
    "swarm_id": "auth-7k3f9q",
    "task": {
        "problem": "code",
        "description": "mend it",
        "repository": "/r",
        "success": "true",
        "success_argv": ["true"],
        "scope": [],
        "interpreter": {"executable": "/p", "version": [3, 11], "folders": []},
        "budget": {"seconds": 60.0, "operations": 0},
        "command_seconds_max": 600.0,
    },
    "agents": 2,
    "kind": "search",
    "mode": "swarm",
    "seed": 0,
    "branch": "5f0c1a52-8ab4-4b9e-9f86-1d1f1f2e7a10",
    "import_landing": 0,
}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_comes_back_as_it_was(task: CodeTask | OptimizationTask) -> None:
    spec = SwarmSpec(swarm_id="s-1", task=task, agents=2)
    assert SwarmSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_a_spec_of_code_that_was_written_before_is_still_read() -> None:
    spec = SwarmSpec.model_validate(WRITTEN_BEFORE)
    assert spec.code.success_argv == ("true",)
    assert spec.import_landing == 0


@pytest.mark.parametrize(
    ("mode", "part"), [(Mode.SINGLE, ""), (Mode.PARALLEL, "search-0001/"), (Mode.SWARM, "")]
)
def test_an_agent_is_alone_in_mode_parallel_only(mode: Mode, part: str) -> None:
    spec = SwarmSpec(swarm_id="s-1", task=CODE, agents=2, mode=mode)
    assert spec.part("search-0001") == part


def test_findings_that_are_too_long_are_refused() -> None:
    report = {
        "attempt_id": "6f0e5d0c-56f5-4a0e-9d2b-2f4f7f6f1b11",
        "swarm": "s-1",
        "agent": "optimizer-0000",
        "kind": AgentKind.OPTIMIZER,
        "turn": 0,
        "status": "finished",
        "worker": "box/1",
        "started_at": "2026-01-02T03:04:05Z",
        "seconds": 1.0,
        "base_landing": 0,
    }
    assert AttemptReport.model_validate(report | {"findings": {"x": 1}}).tokens is None
    with pytest.raises(ValidationError, match="findings of 65545 bytes; at most 65536"):
        AttemptReport.model_validate(report | {"findings": {"x": "a" * FINDINGS_BYTES_MAX}})
