"""A swarm from a task message that is ready: for the problems that have no code to import."""

import secrets

from orchestrator.launch.parts import Parts
from orchestrator.launch.recording import record
from tasks_schema.ids import swarm_id
from tasks_schema.kinds import AgentKind, Mode, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ReadyTask


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

    What is half-done cannot be seen. Safe to call again for the same swarm, if it is not known how
    far an earlier call came.

    Raises:
        StmUnavailableError: Redis does not answer.
        redis.RedisError, sqlalchemy.exc.OperationalError: see `record`.
    """
    shared = parts.spaces.shared(spec.swarm_id)
    shared.stm.atomically(shared.begin)
    record(spec, SwarmStatus.RUNNING, parts)
