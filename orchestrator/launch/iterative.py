"""A swarm from a task message that is ready: for the problems that have no code to import."""

import secrets

from sqlalchemy.dialects.postgresql import insert

from orchestrator.launch.parts import Parts
from swarm_workers.coordination.wake import wake_refill
from tasks_schema.ids import swarm_id
from tasks_schema.kinds import AgentKind, Mode, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import OptimizationTask, ResearchTask, SudokuTask
from tasks_schema.names import KEY_ACTIVE_SWARMS
from tasks_schema.tables.swarms import SWARMS

ReadyTask = OptimizationTask | SudokuTask | ResearchTask


def ready_spec(
    task: ReadyTask, *, kind: AgentKind, agents: int, mode: Mode, seed: int
) -> SwarmSpec:
    """Return the spec of a swarm on a task, under a new id. Nothing is recorded.

    Args:
        task: says how many turns each agent has; mode `single` gets no more by itself.
        kind: of the agents.
        agents: how many; 1 in mode `single`.
        mode: who sees what.
        seed: the source of all chance in it.
    """
    assert mode is not Mode.SINGLE or agents == 1, f"mode 'single' with {agents} agents"
    name = swarm_id(f"{task.problem}-{mode}", secrets.token_bytes(6))
    return SwarmSpec(swarm_id=name, task=task, agents=agents, kind=kind, mode=mode, seed=seed)


def launch_ready(spec: SwarmSpec, parts: Parts) -> None:
    """Begin the space of a swarm, record it, and let the refill hand out its turns.

    The row comes last: what is half-done cannot be seen. Safe to call again for the same swarm, if
    it is not known how far an earlier call came.

    Raises:
        ServiceUnreachableError, StmUnavailableError: a server does not answer.
    """
    parts.client.sadd(KEY_ACTIVE_SWARMS, spec.swarm_id)
    shared = parts.spaces.shared(spec.swarm_id)
    shared.stm.atomically(shared.begin)
    row = {"swarm_id": spec.swarm_id, "spec": spec.model_dump(mode="json")}
    with parts.engine.begin() as connection:
        statement = insert(SWARMS).values(row | {"status": SwarmStatus.RUNNING})
        connection.execute(statement.on_conflict_do_nothing())
    wake_refill(parts.client, spec.swarm_id)
