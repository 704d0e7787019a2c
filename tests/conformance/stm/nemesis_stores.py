"""What clients of a history run their transactions on: the library, as a program would use it.

A key is a list, a set and a counter that change together, so each can be looked at in the place of
the others.
"""

import inspect
from collections.abc import Callable
from typing import Any, Protocol

import swarm_workers.stm as library
from swarm_workers.stm import Stm, StmUnavailableError, TransactionTimeoutError
from tests.conformance.stm.nemesis_tale import Ending, Plan, Wish, is_listless
from tests.support.elle.history import (
    Append,
    Contains,
    Count,
    Members,
    Operation,
    Outcome,
    Read,
)

_HAS_ENGINES = "engine" in inspect.signature(Stm.connect).parameters
ENGINES = ("watch", "function") if _HAS_ENGINES else ("watch",)
"""Of the library. Every history is run on each."""
FRONTS = ("threads", "coroutines") if hasattr(library, "AsyncStm") else ("threads",)
"""How a process uses it."""

Step = Callable[[str, int], Operation]


class Store(Protocol):
    """Runs transactions for threads."""

    def run(self, plan: Plan) -> Ending:
        """Run one transaction. Blocks."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def connect(url: str, space: str, engine: str, *, front: str = "threads") -> Any:
    """Return a space on an engine of the library, for threads or for coroutines."""
    choice = {"engine": engine} if _HAS_ENGINES else {}
    kind: Any = Stm if front == "threads" else library.AsyncStm  # type: ignore[attr-defined]
    return kind.connect(url, space, **choice)


class LibraryStore:
    """The library, by its public names."""

    def __init__(self, stm: Stm) -> None:
        self._stm = stm
        self._handles = Handles(stm)

    def run(self, plan: Plan) -> Ending:
        try:
            done = self._stm.atomically(
                self._handles.act_out, plan, timeout_seconds=plan.timeout_seconds
            )
        except (GivenUpError, TransactionTimeoutError, StmUnavailableError) as error:
            return ending_of(error)
        return Ending(Outcome.COMMITTED, done)

    def close(self) -> None:
        self._stm.close()


class AsyncLibraryStore:
    """The library, as coroutines use it."""

    def __init__(self, stm: Any) -> None:
        self._stm = stm
        self._handles = Handles(stm)

    async def run(self, plan: Plan) -> Ending:
        try:
            done = await self._stm.atomically(
                self._handles.act_out, plan, timeout_seconds=plan.timeout_seconds
            )
        except (GivenUpError, TransactionTimeoutError, StmUnavailableError) as error:
            return ending_of(error)
        return Ending(Outcome.COMMITTED, done)


class GivenUpError(Exception):
    """The body was to raise this."""


class Handles:
    """The variables of a space, and the body of every transaction."""

    def __init__(self, stm: Any) -> None:
        self._stm = stm
        self._steps: dict[str, dict[str, Step]] = {}

    def act_out(self, plan: Plan) -> list[Operation]:
        """Do as planned, within a transaction; return what was done and seen."""
        done = [self._do(wish) for wish in plan.wishes]
        if plan.is_to_abort:
            raise GivenUpError
        return done

    def _do(self, wish: Wish) -> Operation:
        steps = self._steps.get(wish.key)
        if steps is None:
            steps = self._steps[wish.key] = self._make_steps(wish.key)
        return steps[wish.kind](wish.key, wish.value)

    def _make_steps(self, name: str) -> dict[str, Step]:
        entries = self._stm.var(name, list[int], default=[])
        members, total = self._stm.set(name, int), self._stm.counter(name)

        def append(key: str, value: int) -> Operation:
            if not is_listless(key):
                entries.set([*entries.get(), value])
            members.add(value)
            total.add(1)
            return Append(key, value)

        return {
            "append": append,
            "read": lambda key, _: Read(key, tuple(entries.get())),
            "members": lambda key, _: Members(key, frozenset(members.members())),
            "count": lambda key, _: Count(key, total.value()),
            "contains": lambda key, value: Contains(key, value, members.contains(value)),
        }


def ending_of(error: Exception) -> Ending:
    """Return what an exception says of the outcome."""
    if not isinstance(error, StmUnavailableError):
        return Ending(Outcome.ABORTED)
    if error.committed is None:
        return Ending(Outcome.UNKNOWN)
    raise error  # the server is never away for so long that this were right
