"""Optimizers on a real worker: what is counted, what is shared, and what a crash changes of it."""

from collections import Counter

import pytest

from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.stm import Statistics
from tasks_schema.kinds import AttemptStatus, Mode, Sharing, SurfaceKind
from tasks_schema.messages.swarm import SwarmSpec
from tests.integration.optimization.conftest import Fleet
from tests.support.killing import kill_hard

pytestmark = pytest.mark.sandbox


def shared_by(fleet: Fleet, spec: SwarmSpec) -> SharedState:
    return fleet.parts.spaces.shared(spec.swarm_id)


def killed_in_its_turn(fleet: Fleet, spec: SwarmSpec) -> bool:
    """Kill a process that runs a turn; say whether the turn was still open when it died."""
    shared = shared_by(fleet, spec)
    for index in range(spec.agents):
        lease = shared.turn(f"optimizer-{index:04d}")
        record = shared.stm.atomically(lease.get)
        if record.is_done:
            continue
        try:
            kill_hard(int(record.holder.split("/")[1]))
        except ProcessLookupError:
            continue  # killed before, and its turn not yet taken up by another
        after = shared.stm.atomically(lease.get)
        return after.turn == record.turn and not after.is_done
    return False


def test_processes_killed_in_mid_run_change_no_count(fleet):
    # In so many dimensions nobody solves it, which would end the run.
    spec = fleet.launch(agents=4, iterations=6, evaluations_max=2000, dimensions=16)
    hits = 0

    def has_hit_three_times() -> bool:
        nonlocal hits
        hits += killed_in_its_turn(fleet, spec)
        return hits == 3

    fleet.until(spec, has_hit_three_times)
    rows = fleet.ended(spec)
    turns = [(row.agent_id, row.turn) for row in rows]
    assert turns == [(f"optimizer-{n:04d}", turn) for n in range(4) for turn in range(6)]
    assert {row.status for row in rows} == {AttemptStatus.FINISHED}
    assert {row.evaluations for row in rows} == {2000}
    state, stm = fleet.state(spec), shared_by(fleet, spec).stm
    assert stm.atomically(state.iterations.value) == len(rows)
    found = [row.findings for row in rows]
    explored = {each["region"] for each in found if each["region"]}
    assert stm.atomically(state.explored.members) == explored
    assert stm.atomically(state.claims.items) == {}
    assert stm.atomically(state.best.get).score == max(each.get("score", -1e9) for each in found)
    assert fleet.status(spec.swarm_id) == "exhausted"


def test_what_is_shared_is_what_the_task_says(fleet):
    specs = {sharing: fleet.launch(agents=2, iterations=4, sharing=sharing) for sharing in Sharing}
    for sharing, spec in specs.items():
        fleet.ended(spec)
        stm = shared_by(fleet, spec).stm
        first, second = (fleet.state(spec, f"optimizer-000{n}") for n in (0, 1))
        assert (first.elites.key == second.elites.key) == sharing.has_results
        assert (first.explored.key == second.explored.key) == sharing.has_tracks
        assert stm.atomically(first.elites.get)
        assert stm.atomically(second.explored.members)


def test_no_region_is_searched_twice_while_there_are_others(fleet):
    spec = fleet.launch(agents=4, iterations=8, elites_max=16)
    regions = Counter(row.findings["region"] for row in fleet.ended(spec))
    del regions[""]
    assert regions
    assert set(regions.values()) == {1}


def test_one_agent_with_the_same_seed_finds_the_same_values(fleet):
    runs = [fleet.launch(mode=Mode.SINGLE, agents=1, iterations=10) for _ in range(2)]
    found = [[row.findings for row in fleet.ended(spec)] for spec in runs]
    assert found[0] == found[1]
    assert any("score" in each for each in found[0])


def test_a_swarm_that_reaches_the_goal_has_succeeded_and_others_read_what_it_cost(fleet):
    spec = fleet.launch(
        agents=4,
        iterations=30,
        surface=SurfaceKind.LEVY,
        dimensions=3,
        tolerance=0.05,
        evaluations_max=100,
    )
    rows = fleet.ended(spec)
    assert fleet.status(spec.swarm_id) == "succeeded"
    assert max(row.findings.get("quality", 0) for row in rows if row.findings) >= 0.95
    stm = shared_by(fleet, spec).stm
    cost = Statistics.together(stm.published_statistics().values())
    finished = [site for name, site in cost.sites.items() if name.endswith("Lease._finish")]
    reported = sum(row.status == AttemptStatus.FINISHED for row in rows)
    assert finished[0].commits >= reported - len(fleet.workers) * 2, "each process lacks its last"
    assert all(row.cpu_seconds > 0 and row.tokens is None and row.dollars is None for row in rows)
