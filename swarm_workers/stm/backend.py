"""The seam between transactions and what holds the space."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from swarm_workers.stm.journal import Effect, Query, Reply
from swarm_workers.stm.waiting import Deadline


class Session(Protocol):
    """One transaction's conversation with the space; used by one thread."""

    def begin(self) -> None:
        """Forget what was watched: a new run of the body starts. No round trip."""
        ...

    def read(self, queries: Sequence[Query]) -> list[Reply]:
        """Return the answers, all of one instant, in one flight; watch the keys not yet watched.

        Law: if `commit` later returns True, no watched key has changed since it was first read.

        Raises:
            RestartSignal: the watches were lost, so the run has to start again.
            StmUnavailableError: the server does not answer.
        """
        ...

    def commit(self, effects: Sequence[Effect]) -> bool:
        """Apply all effects and wake the waiters if no watched key has changed; say whether.

        Law: True means applied exactly once, False means not applied and never going to be.

        Raises:
            RestartSignal: nothing was applied, and the run has to start again.
            StmUnavailableError: with `committed=None` if the outcome could not be learned.
            StmServerError: the server refuses.
        """
        ...


class Listener(Protocol):
    """Hears of commits, beginning with its creation. Used by one thread."""

    def wait(self, keys: frozenset[str], seconds: float | None) -> bool:
        """Block until a commit has changed one of the keys; False if the time ran out first.

        Law: a commit after the creation of this listener, or after the last return of `wait`, ends
        the wait. It may also end for no reason. While it blocks nothing is asked of the server.
        """
        ...

    def close(self) -> None:
        """Stop hearing."""
        ...


class Backend(Protocol):
    """What holds one space. Safe to share between threads, and to be carried through a fork."""

    def session(self, deadline: Deadline) -> AbstractContextManager[Session]:
        """Lend a session for one transaction."""
        ...

    def listen(self, deadline: Deadline) -> Listener:
        """Return a listener that hears of every commit from now on. One round trip."""
        ...

    def purge(self) -> None:
        """Delete every key of the space, and wake the waiters. Not a transaction."""
        ...

    def close(self) -> None:
        """Give back connections; transactions that still run fail. May be called twice."""
        ...
