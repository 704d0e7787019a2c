"""A turn that two processes are at, or that Redis forgot: real Postgres, real sandbox."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, make_url

from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.coordination.spaces import Spaces
from swarm_workers.interpreter import find_interpreter
from swarm_workers.problems.code.batches import Queued
from swarm_workers.problems.code.landing import Landed, Request
from swarm_workers.problems.code.merge_queue import MergeQueue
from swarm_workers.problems.code.problem import CodeProblem
from swarm_workers.problems.code.swarm import CodeSwarm
from swarm_workers.protocols import TreeFile, Turn
from swarm_workers.settings import Settings
from swarm_workers.source.store import SourceStore
from swarm_workers.source.values import Change
from swarm_workers.stm import Stm
from tasks_schema.ids import AgentId, SwarmId, attempt_id
from tasks_schema.kinds import AgentKind, AttemptStatus, Mode, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import CodeTask
from tasks_schema.tables.attempts import ATTEMPTS
from tasks_schema.tables.swarms import SWARMS

AGENT = "search-0000"
PASSES_WITH_B = b"import os, sys\nsys.exit(not os.path.exists('b.txt'))\n"
TURN = attempt_id(SwarmId("s-1"), AgentId(AGENT), 0)


@pytest.fixture
def swarm(database: str, tmp_path: Path) -> Iterator[CodeSwarm]:
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    store = SourceStore(engine)
    (tmp_path / "it.py").write_bytes(PASSES_WITH_B)
    imported = store.import_tree({"it.py": TreeFile(PASSES_WITH_B)}, name="it")
    task = CodeTask(
        description="", repository=str(tmp_path), success="", success_argv=("python", "it.py"),
        interpreter=find_interpreter(tmp_path, Path(sys.executable)),
    )  # fmt: skip
    spec = SwarmSpec(
        swarm_id="s-1", task=task, agents=2, mode=Mode.PARALLEL, import_landing=0,
        branch=store.fork(imported.branch_id, imported.landing),
    )  # fmt: skip
    row = {"swarm_id": "s-1", "spec": spec.model_dump(mode="json"), "status": SwarmStatus.RUNNING}
    sent = {
        "attempt_id": TURN, "swarm_id": "s-1", "agent_id": AGENT, "kind": AgentKind.SEARCH,
        "turn": 0, "status": AttemptStatus.SENT,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(SWARMS).values(row))
        connection.execute(insert(ATTEMPTS).values(sent))
    swarm = CodeSwarm.open(spec, engine, Spaces("redis://nobody"), Settings())
    yield swarm
    swarm.workbench.close()
    engine.dispose()


def land(swarm: CodeSwarm, branch: str, path: str) -> None:
    operations = swarm.store.propose(branch, 0, {path: TreeFile(b"x\n")})
    swarm.store.land(
        branch, expected_head=0, operations=operations, author=f"s-1/{AGENT}", attempt_id=TURN,
        exit_status=1,
    )  # fmt: skip


@pytest.mark.sandbox
def test_the_second_process_at_a_turn_reports_what_the_first_one_landed(swarm):
    branch = swarm.spec.branch
    land(swarm, branch, "a.txt")
    late = Request(
        branch=branch, base=0, changes={"b.txt": TreeFile(b"x\n")}, author=f"s-1/{AGENT}",
        attempt_id=TURN, note="", flaky=frozenset(),
    )  # fmt: skip
    landed = swarm.lander.land(late, lambda _tests: "")
    assert isinstance(landed, Landed)
    assert (landed.landing, landed.outcome.exit_status) == (1, 1)
    assert swarm.store.head(branch).number == 1


def test_the_second_process_at_a_turn_takes_out_what_the_first_one_left_waiting(swarm, database):
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    queue, branch = MergeQueue(engine), swarm.spec.branch
    operations = swarm.store.propose(branch, 0, {"a.txt": TreeFile(b"x\n")})
    change = Change(0, operations, f"s-1/{AGENT}", TURN)
    queue.put(branch, Queued(change, frozenset(), frozenset()))
    turn = Turn(swarm_id="s-1", agent_id=AGENT, turn=0, seed=0, seconds_max=1)
    assert CodeProblem(swarm, AGENT).landed_before(turn) is None
    assert queue.state(TURN) is None
    engine.dispose()


@pytest.mark.sandbox
def test_an_agent_that_is_alone_goes_on_where_it_landed_though_redis_lost_its_branch(swarm):
    first = swarm.branch_of(SharedState(Stm.in_memory("s-1"), f"{AGENT}/"), AGENT)
    land(swarm, first, "a.txt")
    emptied = SharedState(Stm.in_memory("s-1"), f"{AGENT}/")
    assert swarm.branch_of(emptied, AGENT) == first
    assert swarm.branch_of(emptied, "search-0001") != first
