"""A crash: a process that holds the lease of a turn is killed, and nobody gives it back for it.

Provoked on the fleet, on a swarm like all others. A process claims a turn by the workers' own code
before the workers hear of that turn; so they are told once, find it held, and drop it. Then the
process is killed. What overcomes that is the refill's own step, here with less patience.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from orchestrator.experiments.attempts import read_attempts
from orchestrator.experiments.failures.trial import Trial
from orchestrator.experiments.swarms import Swarms
from orchestrator.experiments.tasks.sudoku_instances import instance_named
from orchestrator.launch.iterative import ready_spec
from orchestrator.launch.parts import Parts
from orchestrator.launch.refill import step_swarm
from swarm_workers.coordination.shared_state import SharedState
from swarm_workers.stm import Stm, TransactionTimeoutError, check
from tasks_schema.ids import agent_id
from tasks_schema.kinds import AgentKind, Mode
from tasks_schema.messages.attempt import AttemptOrder
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import Budget, SudokuTask

_PUZZLE = "platinum-blonde"
"""Takes many more turns than there are."""
_TURNS = 3
"""Of each of two agents, of whom the second shows that the first one's turn was delivered."""
_RESEND_SECONDS = 0.5
_LOOK_SECONDS = 0.1
_OTHERS_SECONDS_MAX = 30.0
_SECONDS_MAX = 4.0


@dataclass(frozen=True, slots=True)
class Crash:
    """A process is killed by SIGKILL while it holds a turn of a swarm."""

    parts: Parts
    name: str = "crashed holder"
    provocation: str = (
        "on the fleet: a process claims a turn of a Sudoku with the workers' own lease, and is "
        "killed after a worker was sent that turn and found it held"
    )
    remedy: str = (
        f"a turn that is not reported is sent again, here {_RESEND_SECONDS} s after it was sent; "
        "the worker that gets it finds its holder dead, or its lease lapsed, and takes it"
    )
    without: str = (
        "the turn is not sent again: nobody can take it, so the time is how long was waited; only "
        "then it is sent, for the swarm to end"
    )
    overcome: str = "another process did the turn; timed from the kill"
    seconds_max: float = _SECONDS_MAX

    def provoke(self, *, has_remedy: bool, seed: int) -> Trial:
        """Return after how long the turn was done by another, from the kill on."""
        spec = _spec(seed)
        swarms = Swarms(self.parts)
        stm = Stm.connect(self.parts.settings.require_redis_url(), spec.swarm_id)
        try:
            self._crash(swarms, SharedState(stm), spec)
            began = time.monotonic()
            resend = partial(step_swarm, self._impatient(), spec.swarm_id)
            wait = partial(_is_done_by, SharedState(stm))
            is_overcome = wait(resend if has_remedy else _nothing, began + _SECONDS_MAX)
            seconds = time.monotonic() - began
            wait(resend, began + spec.task.budget.seconds)  # so that no swarm is left behind
        finally:
            stm.close()
        swarms.until_settled(spec.swarm_id)
        with self.parts.engine.begin() as connection:
            reported = len(read_attempts(connection, spec.swarm_id))
        figures = {f"turns reported, of {spec.agents * _TURNS}": float(reported)}
        return Trial(is_overcome, seconds, figures)

    def _crash(self, swarms: Swarms, shared: SharedState, spec: SwarmSpec) -> None:
        """Let a process claim the first agent's turn, and kill it when the second is through."""
        order = AttemptOrder(swarm=spec.swarm_id, agent=_agent(0), kind=spec.kind, turn=0)
        with held_turn(self.parts.settings.require_redis_url(), order):
            swarms.launch(spec)
            shared.stm.atomically(_is_through, shared, timeout_seconds=_OTHERS_SECONDS_MAX)

    def _impatient(self) -> Parts:
        settings = self.parts.settings.model_copy(update={"resend_seconds": _RESEND_SECONDS})
        return replace(self.parts, settings=settings)


def _spec(seed: int) -> SwarmSpec:
    task = SudokuTask(
        description="a Sudoku with a turn whose holder is killed",
        puzzle=instance_named(_PUZZLE).clues,
        iterations=_TURNS,
        budget=Budget(seconds=60),
    )
    return ready_spec(task, kind=AgentKind.SOLVER, agents=2, mode=Mode.SWARM, seed=seed)


def _agent(index: int) -> str:
    return agent_id(AgentKind.SOLVER, index)


@contextmanager
def held_turn(url: str, order: AttemptOrder) -> Iterator[None]:
    """Let a process hold a turn within the block, and kill it at the end of the block.

    Args:
        url: of the server.
        order: for a turn that nobody has claimed.
    """
    argv = [sys.executable, "-m", "swarm_workers.attempt.idle_holder"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None, "the pipe was asked for"
        assert process.stdout is not None, "the pipe was asked for"
        try:
            # Through a pipe: the URL has a password, and everybody sees a command's arguments.
            line = json.dumps([url, order.model_dump(mode="json")])
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            verdict = process.stdout.readline().decode().strip()
            assert verdict == "run", f"a turn that nobody has heard of was refused: {verdict!r}"
            yield
        finally:
            process.kill()


def _is_through(shared: SharedState) -> None:
    """Wait until the second agent has had all its turns: the first one's was sent before them."""
    record = shared.turn(_agent(1)).get()
    check(record.turn == _TURNS - 1 and record.is_done)


def _is_done_by(shared: SharedState, meanwhile: Callable[[], None], deadline: float) -> bool:
    """Wait for the end of the first agent's first turn; return whether it came in time."""

    def wait() -> None:
        record = shared.turn(_agent(0)).get()
        check(record.turn > 0 or record.is_done)

    while time.monotonic() < deadline:
        meanwhile()
        try:
            shared.stm.atomically(wait, timeout_seconds=_LOOK_SECONDS)
        except TransactionTimeoutError:
            continue
        return True
    return False


def _nothing() -> None:
    """Do nothing, where the remedy would do something."""
