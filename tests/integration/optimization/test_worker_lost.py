"""A whole worker killed while a swarm runs: another one takes over, and nothing counts twice."""

import signal

import pytest

from tasks_schema.kinds import AttemptStatus
from tests.integration.optimization.conftest import Fleet

pytestmark = [pytest.mark.sandbox, pytest.mark.soak]


def test_a_worker_killed_with_all_its_children_changes_no_count(fleet: Fleet) -> None:
    spec = fleet.launch(agents=4, iterations=12, evaluations_max=500)
    shared = fleet.parts.spaces.shared(spec.swarm_id)
    counter = fleet.state(spec).iterations
    for turns in (6, 18):
        fleet.until(spec, lambda turns=turns: shared.stm.atomically(counter.value) >= turns)
        fleet.workers[-1].send_signal(signal.SIGKILL)
        fleet.workers[-1].wait()
        fleet.start_worker()
    rows = fleet.ended(spec)
    turns = [(row.agent_id, row.turn) for row in rows]
    assert turns == [(f"optimizer-{n:04d}", turn) for n in range(4) for turn in range(12)]
    assert {row.status for row in rows} == {AttemptStatus.FINISHED}
    assert shared.stm.atomically(counter.value) == len(rows)
    assert {row.evaluations for row in rows} == {500}
