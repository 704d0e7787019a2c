"""A fleet that a test plays: takes every swarm that is recorded, reports its attempts, ends it.

Postgres, Valkey and the runner are real; only the work is made up.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, update

from orchestrator.launch.parts import Parts
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.stm import Stm
from tasks_schema.ids import agent_id
from tasks_schema.kinds import AttemptStatus, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS


class Lease:
    """By the name of its claim it is told which processes are agents."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared

    def _claim(self) -> None:
        self._shared.candidates.add(1)


class PlayedFleet:
    """Plays swarms in a thread."""

    def __init__(self, parts: Parts, *, is_lazy: bool = False) -> None:
        """Play on these servers.

        Args:
            parts: of the test.
            is_lazy: True to see swarms and do nothing.
        """
        self._parts = parts
        self._is_lazy = is_lazy
        self._over = threading.Event()
        self.played: list[SwarmSpec] = []
        self.fails: set[int] = set()
        """Seeds whose swarms end as failed."""
        self.loses: set[int] = set()
        """Seeds whose swarms end while an attempt is never reported."""
        self.saw_one = threading.Event()

    def run(self) -> None:
        known: set[str] = set()
        while not self._over.wait(0.01):
            with self._parts.engine.begin() as connection:
                query = select(SWARMS.c.spec).where(SWARMS.c.ended_at.is_(None))
                specs = [SwarmSpec.model_validate(s) for s in connection.execute(query).scalars()]
            for spec in specs:
                if spec.swarm_id not in known:
                    known.add(spec.swarm_id)
                    self.saw_one.set()
                    if not self._is_lazy:
                        self._play(spec)

    def end(self) -> None:
        self._over.set()

    def _play(self, spec: SwarmSpec) -> None:
        self.played.append(spec)
        status = SwarmStatus.FAILED if spec.seed in self.fails else SwarmStatus.EXHAUSTED
        rows = [_row(spec, index) for index in range(spec.agents * spec.task.iterations)]
        if spec.seed in self.loses:
            rows[-1] |= {"status": AttemptStatus.SENT, "reported_at": None}
        with self._parts.engine.begin() as connection:
            connection.execute(insert(ATTEMPTS), rows)
        stm = Stm.connect(self._parts.settings.require_redis_url(), spec.swarm_id)
        shared = SharedState(stm)
        stm.atomically(Lease(shared)._claim)
        stm.atomically(shared.end, status, "as the test wants it")
        stm.publish_statistics()
        stm.close()
        with self._parts.engine.begin() as connection:
            connection.execute(
                update(SWARMS)
                .where(SWARMS.c.swarm_id == spec.swarm_id)
                .values(status=status, reason="as the test wants it", ended_at=func.now())
            )


@contextmanager
def played(fleet: PlayedFleet) -> Iterator[PlayedFleet]:
    """Play within the block."""
    thread = threading.Thread(target=fleet.run, daemon=True)
    thread.start()
    try:
        yield fleet
    finally:
        fleet.end()
        thread.join()


def _row(spec: SwarmSpec, index: int) -> dict:
    return {
        "attempt_id": uuid.uuid4(),
        "swarm_id": spec.swarm_id,
        "agent_id": agent_id(spec.kind, index % spec.agents),
        "kind": spec.kind,
        "turn": index // spec.agents,
        "status": AttemptStatus.FINISHED,
        "started_at": datetime(2026, 1, 1, 0, 0, index, tzinfo=UTC),
        "reported_at": datetime(2026, 1, 1, tzinfo=UTC),
        "seconds": 0.5,
        "findings": {"depth": spec.seed + index},
        "evaluations": 10,
        "cpu_seconds": 0.25,
    }
