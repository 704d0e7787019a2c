"""Every door by which work enters a worker.

A task receives ids and small values, never objects: a person can read them in Flower.
"""

from typing import Any

from celery.signals import worker_process_shutdown

from swarm_workers import bootstrap
from swarm_workers.celery_app import app
from tasks_schema.kinds import AgentKind
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.names import TASK_ATTEMPT


@app.task(name=TASK_ATTEMPT)  # type: ignore[untyped-decorator]  # Celery ships no types
def attempt(*, swarm: str, agent: str, kind: str, turn: int) -> str:
    """Run one turn of one agent to its report, and return how it ended, for Flower to show.

    A turn that another process runs, or ran, is `dropped`. Raises only when a server is away.
    """
    order = AttemptOrder(swarm=swarm, agent=agent, kind=AgentKind(kind), turn=turn)
    report = bootstrap.process().run(order)
    return "dropped" if report is None else report.status.value


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def close(**_: Any) -> None:
    """Close what this child process holds open, before it ends."""
    bootstrap.close()
