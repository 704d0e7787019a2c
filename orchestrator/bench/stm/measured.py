"""The loop that is timed: transaction after transaction until the time is over."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.bench.stm.client import Client, Probe
from orchestrator.bench.stm.messages import Job, Outcome


@dataclass(frozen=True, slots=True)
class Task:
    """What one agent needs for one slice."""

    job: Job
    index: int
    """Of the agent, from 0."""
    url: str
    client: Client
    chance: random.Random


def pause(seconds: float) -> None:
    """Work elsewhere for a while: nothing is computed, as by an agent that waits for a model."""
    time.sleep(seconds)  # noqa: TID251 - the work is the measurement's own


def run_measured(task: Task, step: Callable[[], object], probe: Probe) -> Outcome:
    """Return what came of repeating a transaction for the seconds of the job. Blocks.

    Where several agents take part, a transaction that ends after the time does not count, else one
    that waited for long would look as lucky as the others; its latency counts.
    """
    work = task.job.work_seconds
    attempts_before, costs_before = probe.attempts, task.client.costs()
    if work:
        pause(task.chance.random() * work)  # all at once would be a crowd that never is
    latencies: list[float] = []
    cpu_before, began_at = time.process_time(), time.perf_counter()
    ends_at, now = began_at + task.job.seconds, began_at
    while now < ends_at:
        before = time.perf_counter()
        step()
        now = time.perf_counter()
        latencies.append(now - before)
        if work:
            pause(work)
            now = time.perf_counter()
    is_late = task.job.agents > 1 and not work and len(latencies) > 0
    cpu_seconds = time.process_time() - cpu_before
    costs = task.client.costs().since(costs_before)
    return Outcome(
        commits=len(latencies) - is_late,
        attempts=probe.attempts - attempts_before or len(latencies),
        wasted_seconds=costs.wasted,
        coordination_seconds=costs.coordination,
        inside_seconds=sum(latencies),
        window_seconds=task.job.seconds if is_late else now - began_at,
        wall_seconds=now - began_at,
        cpu_seconds=cpu_seconds,
        latencies=latencies,
    )
