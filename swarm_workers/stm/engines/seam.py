"""The seam between transactions and what holds the space.

All waiting is written as coroutines. Over connections that block their thread these never suspend,
so that one step runs them to the end: `run_to_end`. So there is one core for threads and for loops.
"""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from swarm_workers.stm.questions import Meter, Proposal, Query, Reply, RunPlan
from swarm_workers.stm.waiting import Deadline

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that blocks instead of suspending."""
    try:
        work.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    work.close()
    raise AssertionError("a coroutine over blocking connections has suspended")


class Session(Protocol):
    """One transaction's conversation with the space; used by one thread or coroutine."""

    meter: Meter

    def begin(self, plan: RunPlan) -> None:
        """Forget what was read: a new run of the body starts. No round trip."""
        ...

    def take_carried(self, queries: Sequence[Query]) -> dict[Query, Reply] | None:
        """Return answers that came with the previous commit, if they are these and still fresh.

        They were true together, but may no longer be; a commit fails then.
        """
        ...

    def take_contended(self) -> tuple[str, ...]:
        """Return keys that others have a token for, as far as the latest commit has told."""
        ...

    async def read(self, queries: tuple[Query, ...]) -> list[Reply]:
        """Return the answers, all of one instant, in one flight.

        Raises:
            RestartSignal: the run has to start again.
            StmUnavailableError: the server does not answer.
            StmServerError: it refuses.
        """
        ...

    async def commit(self, proposal: Proposal) -> bool:
        """Apply all effects and wake the waiters, if all answers are the same; say whether.

        Law: True means applied exactly once, False means not applied and never going to be.

        Raises:
            RestartSignal: nothing was applied, and the run has to start again.
            StmUnavailableError: with `committed=None` if the outcome could not be learned.
            StmServerError: the server refuses.
        """
        ...

    async def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Wait until one of the keys has changed; False if the time ran out first.

        Law: a change after the first read of a run that was listening ends the wait. It may also
        end for no reason. While it waits nothing is asked of the server.
        """
        ...

    async def release(self) -> None:
        """Give back tokens and gate, if any are held. A round trip then, else none."""
        ...


class Engine(Protocol):
    """What holds one space. Safe to share as far as its connections are."""

    @property
    def place(self) -> object:
        """Where the space is; equal for engines that hold the same one."""
        ...

    @property
    def reads_at_once(self) -> bool:
        """Whether a body can wait for an answer in its middle."""
        ...

    def open(self, deadline: Deadline, caller: object = None) -> Session:
        """Lend a session for one transaction. No round trip.

        Args:
            deadline: of the transaction.
            caller: the thread or task; it gets what it had last, if that is free.

        Raises:
            StmUsageError: it was closed.
        """
        ...

    def close_session(self, session: Any) -> None:
        """Take the session back."""
        ...

    async def purge(self) -> None:
        """Delete every key of the space, and wake the waiters. Not a transaction."""
        ...

    def close(self) -> None:
        """Give back connections; transactions that still run fail. May be called twice."""
        ...
