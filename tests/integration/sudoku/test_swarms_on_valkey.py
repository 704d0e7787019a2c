"""Swarms of threads on a real Valkey, and an operator who waits for them without looking twice."""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from swarm_workers.agents.sudoku.strategies.catalogue import NAMED, RULES
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.solver import solutions
from swarm_workers.problems.sudoku.watching import wait_until_over
from swarm_workers.stm import Stm
from tasks_schema.kinds import SwarmStatus
from tests.support.sudoku import Table, spec_of

PUZZLES = collection()
_SPACES = itertools.count(1)


@pytest.fixture
def stm(redis_url: str) -> Iterator[Stm]:
    stm = Stm.connect(redis_url, f"sudoku-{next(_SPACES)}")
    yield stm
    stm.purge()
    stm.close()


def played_by_threads(table: Table) -> list[float]:
    """Let each agent be a thread that takes turns until the end; return when cells were written."""
    moved_at: list[float] = []

    def take_turns(index: int) -> None:
        for turn in itertools.count():
            state = table.settle(table.look(index, turn))
            if table.told[-1]["event"] == "moved":
                moved_at.append(time.monotonic())
            if state.status.is_final:
                return

    with ThreadPoolExecutor(table.spec.agents) as pool:
        list(pool.map(take_turns, range(table.spec.agents)))
    return moved_at


def watched(table: Table) -> tuple[SwarmStatus, float, list[float]]:
    """Return how a swarm ended, when a watcher was woken, and when the cells came.

    Two agents may fill in the last cells between them while neither has seen the whole: the watcher
    is woken by the cell that completes the grid, and the next who looks ends the swarm.
    """
    seen: list[tuple[bool, int, float]] = []

    def watch() -> None:
        shared = SharedState(table.stm)
        state = wait_until_over(shared, table.spec.task.puzzle, timeout_seconds=60)
        solved = table.stm.atomically(table.state.solved)
        seen.append((state.status.is_final, solved, time.monotonic()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    moved_at = played_by_threads(table)
    watcher.join()
    ((is_final, solved, woken_at),) = seen
    assert is_final or solved == table.spec.task.puzzle.count(".")
    return (table.stm.atomically(table.shared.state.get).status, woken_at, moved_at)


@pytest.mark.parametrize("steps_max", [1, 64])
@pytest.mark.parametrize("name", ["seventeen-3", "guessed-5"])
def test_whoever_waits_for_the_last_cell_is_woken_by_it(stm, name, steps_max):
    table = Table(spec_of(PUZZLES[name].clues, steps_max=steps_max), stm)
    status, _, _ = watched(table)
    assert status is SwarmStatus.SUCCEEDED
    assert table.text == next(solutions(PUZZLES[name].clues))
    assert stm.atomically(table.state.solved) == PUZZLES[name].clues.count(".")


@pytest.mark.parametrize("name", ["hidden-7", "seventeen-3"])
def test_whoever_waits_is_told_within_two_seconds_of_the_last_move_that_nothing_moves(stm, name):
    table = Table(spec_of(PUZZLES[name].clues, strategies=NAMED), stm)
    status, woken_at, moved_at = watched(table)
    assert status is SwarmStatus.EXHAUSTED
    assert woken_at - max(moved_at) < 2
    assert stm.atomically(table.shared.state.get).reason.startswith("stuck: no rule moves")


def test_each_cell_is_counted_once_however_many_agents_find_it(stm):
    table = Table(spec_of(PUZZLES["named-1"].clues, agents=8), stm)
    played_by_threads(table)
    filled = stm.atomically(table.state.grid.members)
    assert len(filled) == stm.atomically(table.state.solved)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(60))
def test_none_of_many_runs_of_threads_hangs(stm, seed):
    chance = random.Random(seed)
    puzzle = chance.choice([each for each in PUZZLES.values() if "-" in each.name])
    spec = spec_of(
        puzzle.clues,
        agents=chance.choice([2, 4, 8]),
        seed=seed,
        strategies=chance.choice([(), NAMED, tuple(RULES)]),
        steps_max=chance.choice([1, 8, 64]),
    )
    status, _, _ = watched(Table(spec, stm))
    assert status in (SwarmStatus.SUCCEEDED, SwarmStatus.EXHAUSTED)
