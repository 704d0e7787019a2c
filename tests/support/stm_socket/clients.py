"""Every kind of client that a space on a server can have, to be used the same way."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from swarm_workers.stm import AsyncStm, Stm

KINDS = ("watch", "function", "async watch", "async function")
"""The engine, and whether it has to be awaited."""


class Awaited:
    """An asynchronous space that is used like one for threads, by the thread that calls.

    So it sleeps in that thread when it waits, and nowhere else.
    """

    def __init__(self, stm: AsyncStm) -> None:
        self._stm = stm
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._stm, name)
        return self._awaiting(attribute) if inspect.iscoroutinefunction(attribute) else attribute

    def close(self) -> None:
        """Close the space, then the loop."""
        self._stm.close()
        self._loop.run_until_complete(asyncio.sleep(0))  # transports end in the turn after
        self._loop.close()

    def _awaiting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **options: self._loop.run_until_complete(
            method(*arguments, **options)
        )


def connect(kind: str, url: str, space: str) -> Any:
    """Return a client of this kind, to be used like `Stm`."""
    manner, _, engine = kind.rpartition(" ")
    options: Any = {"engine": engine}
    if manner == "async":
        return Awaited(AsyncStm.connect(url, space, **options))
    return Stm.connect(url, space, **options)
