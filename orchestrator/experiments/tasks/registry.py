"""The tasks by name. Each is a module beside this one with a constant `TASK`."""

from importlib import import_module

from orchestrator.errors import UsageError
from orchestrator.experiments.tasks.protocol import ExperimentTask

NAMES = ("optimization", "sudoku", "research")
"""In the order in which `all` runs them and the report tells of them."""


def task_of(name: str) -> ExperimentTask:
    """Return the task of this name; loads what it needs.

    Raises:
        UsageError: there is no such task.
    """
    if name not in NAMES:
        raise UsageError(f"there is no task '{name}'; choose {', '.join(NAMES)}, failures or all")
    task: ExperimentTask = import_module(f"orchestrator.experiments.tasks.{name}").TASK
    return task
