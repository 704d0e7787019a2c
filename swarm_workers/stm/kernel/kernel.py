"""What the transactions of a process on a space have in common, and how each is seen through."""

import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from swarm_workers.stm.engines.seam import Session
from swarm_workers.stm.errors import RestartSignal
from swarm_workers.stm.forks import generation
from swarm_workers.stm.kernel.contention import HotKeys
from swarm_workers.stm.kernel.execution import Execution
from swarm_workers.stm.kernel.foresight import Call, Sites
from swarm_workers.stm.kernel.statistics import Recorder
from swarm_workers.stm.kernel.transaction import Space
from swarm_workers.stm.questions import Effect, Proposal, RunPlan
from swarm_workers.stm.waiting import Deadline

T = TypeVar("T")
Commit = Coroutine[Any, Any, bool]
Protect = Callable[[Commit], Awaitable[tuple[bool, BaseException | None]]]
"""Awaits a commit to its end; returns whether it took place, and what wanted to cancel it."""

STATISTICS_MAP = "stm.statistics"
"""Name of the map in which every process publishes what its transactions have cost."""
_PUBLISH_SECONDS = 1.0


@dataclass(slots=True)
class Local:
    """What one process knows; a forked child begins anew."""

    generation: int = field(default_factory=generation)
    client: str = field(default_factory=lambda: secrets.token_urlsafe(6))
    sites: Sites = field(default_factory=Sites)
    hot_keys: HotKeys = field(default_factory=HotKeys)
    recorder: Recorder = field(default_factory=Recorder)
    published_at: float = field(default_factory=time.monotonic)


class Kernel:
    """Runs transactions on one space."""

    def __init__(self, space: Space, protect: Protect) -> None:
        """Touch nothing.

        Args:
            space: to work on.
            protect: sees a commit through.
        """
        self.space = space
        self._protect = protect
        self._local = Local()

    @property
    def local(self) -> Local:
        """What this process knows."""
        if self._local.generation != generation():
            self._local = Local()
        return self._local

    async def atomically(self, body: Callable[[], T], call: Call, deadline: Deadline) -> T:
        """Run the body until one run of it holds; see `Stm.atomically`."""
        session = self.space.engine.open(deadline, call.caller)
        execution: Execution[T] = Execution(self.space, session, call, deadline, self.local)
        execution.extra = self._due_statistics
        try:
            value = await execution.run(body, self._protect)
        except BaseException as error:
            await self._end(execution, session)
            _call_all(execution.on_abort(error))
            raise
        await self._end(execution, session)
        _call_all(execution.on_commit)
        if execution.cancellation is not None:
            raise execution.cancellation
        return value

    async def publish(self) -> None:
        """Let others see the sums of this process."""
        session, is_done = self.space.engine.open(Deadline(None)), False
        try:
            while not is_done:
                session.begin(RunPlan())
                with suppress(RestartSignal):
                    is_done = await session.commit(Proposal(self._statistics_effects(), {}))
        finally:
            self.space.engine.close_session(session)

    def publish_soon(self) -> None:
        """Let the sums of this process ride along with its next commit."""
        self.local.published_at = float("-inf")

    def _statistics_effects(self) -> tuple[Effect, ...]:
        """Return what publishes the sums of this process."""
        local = self.local
        local.published_at = time.monotonic()
        payload = msgspec.json.encode(local.recorder.read())
        entry = self.space.key("m", f"{STATISTICS_MAP}:{local.client}")
        names = self.space.key("k", STATISTICS_MAP)
        return Effect("SET", entry, (payload,)), Effect("SADD", names, (local.client.encode(),))

    def _due_statistics(self) -> Sequence[Effect]:
        """Return them once a second; they ride along with whatever is committed."""
        is_due = time.monotonic() - self.local.published_at >= _PUBLISH_SECONDS
        return self._statistics_effects() if is_due else ()

    async def _end(self, execution: Execution[T], session: Session) -> None:
        execution.close()
        try:
            await session.release()
        finally:
            self.space.engine.close_session(session)


def _call_all(actions: Sequence[Callable[[], object]]) -> None:
    for action in actions:
        action()
