"""Writers at once: each in a lane of its own, beside all of them as one author."""

import math
import multiprocessing
import statistics
import time
import uuid
from multiprocessing.connection import Connection as Pipe
from typing import Any

from sqlalchemy import Engine

from orchestrator.bench.report import Report
from orchestrator.bench.source.database import connect
from orchestrator.bench.source.edits import Edits
from orchestrator.bench.source.material import library_tree
from orchestrator.bench.source.rounds import at_least
from swarm_workers.source.log.lanes import LANES, lane_of
from swarm_workers.source.log.operation_log import OperationLog
from swarm_workers.source.store import SourceStore
from tasks_schema.messages.source import Operation

LANES_MIN = 2.0
SIZE = 1000
"""Operations of one push: what an import sends. A small push is one statement, and holds its lane
for so short a time that the processors are the limit, not the lanes."""
_READY_MADE_A_SECOND = 10
"""Pushes that each writer makes ready before a turn: what is measured is the store."""
_NODES = 8000
_READY_SECONDS_MAX = 60.0


def measure_crowd(engine: Engine, url: str, *, writers: int, rounds: int, seconds: float) -> Report:
    """Return how many operations a second some writers push. Blocks.

    Args:
        engine: on a database with the current schema.
        url: of the same.
        writers: how many, each a process.
        rounds: how often each way gets its turn.
        seconds: of one turn.
    """
    branch = SourceStore(engine).import_tree(library_tree(_NODES), name="crowded").branch_id
    spawn = multiprocessing.get_context("spawn")
    ready = math.ceil(_READY_MADE_A_SECOND * seconds)
    pipes: list[Pipe] = []
    processes: list[Any] = []
    for number in range(writers):
        near, far = spawn.Pipe()
        process = spawn.Process(target=write, args=(url, branch, number, ready, far), daemon=True)
        process.start()
        pipes.append(near)
        processes.append(process)
    try:
        rates: dict[str, list[float]] = {"own lanes": [], "one author": []}
        for _ in range(rounds):
            for way, taken in rates.items():
                taken.append(_slice(pipes, is_shared=way == "one author", seconds=seconds))
    finally:
        for process in processes:
            process.kill()
            process.join()
    ratio = statistics.median(
        own / one for own, one in zip(rates["own lanes"], rates["one author"], strict=True)
    )
    rows = tuple(
        {
            "of": "crowd",
            "way": way,
            "writers": writers,
            "operations_of_a_push": SIZE,
            "operations_per_second": statistics.median(taken),
            "rounds": rounds,
        }
        for way, taken in rates.items()
    )
    return Report(
        rows, (at_least(f"{writers} lanes, beside one author", ratio, LANES_MIN, "times"),)
    )


def write(url: str, branch: str, number: int, ready_made: int, pipe: Pipe) -> None:
    """Push as told through a pipe, until it is closed: the whole life of one writer's process."""
    engine = connect(url)
    edits, log = Edits.on(engine, branch, seed=number), OperationLog(engine)
    while True:
        ready = [edits.batch(SIZE) for _ in range(ready_made)]
        pipe.send(0)
        try:
            is_shared, seconds = pipe.recv()
        except EOFError:
            return
        pushed = _push_for(seconds, log, branch, 0 if is_shared else number, ready)
        pipe.send(pushed)


def _push_for(
    seconds: float, log: OperationLog, branch: str, lane: int, ready: list[list[Operation]]
) -> int:
    """Push what is ready until the time is over, or nothing is left; return how many operations."""
    ends_at = time.monotonic() + seconds
    pushed = 0
    for operations in ready:
        if time.monotonic() > ends_at:
            break
        log.push(branch, operations, base=0, push_id=_push_id(lane))
        pushed += len(operations)
    return pushed


def _push_id(lane: int) -> uuid.UUID:
    """Return a new id whose push goes to a lane."""
    while True:
        found = uuid.UUID(int=uuid.uuid4().int // LANES * LANES + lane % LANES)
        if lane_of(found) == lane % LANES:
            return found


def _slice(pipes: list[Pipe], *, is_shared: bool, seconds: float) -> float:
    for pipe in pipes:
        _answer(pipe)  # each has its pushes ready
    began = time.monotonic()
    for pipe in pipes:
        pipe.send((is_shared, seconds))
    total = sum(_answer(pipe) for pipe in pipes)
    return total / (time.monotonic() - began)


def _answer(pipe: Pipe) -> int:
    assert pipe.poll(_READY_SECONDS_MAX), "a writer does not answer"
    count: int = pipe.recv()
    return count
