"""Every kind of client that a space can have, to be used the same way."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import swarm_workers.stm
from swarm_workers.stm import Stm

IS_NEW = hasattr(swarm_workers.stm, "AsyncStm")
KINDS = ["Stm, watch"]
if IS_NEW:
    KINDS += ["Stm, function", "AsyncStm, watch", "AsyncStm, function"]


class Awaited:
    """An asynchronous space that is used like one for threads, on an event loop of its own.

    Variables are those of the space. Used by one thread at a time.
    """

    def __init__(self, stm: Any) -> None:
        self.stm = stm
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.stm, name)
        return self._awaiting(attribute) if inspect.iscoroutinefunction(attribute) else attribute

    def close(self) -> None:
        """Close the space, then the loop."""
        self.stm.close()
        self._loop.run_until_complete(asyncio.sleep(0))  # transports end in the turn after
        self._loop.close()

    def _awaiting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **options: self._loop.run_until_complete(
            method(*arguments, **options)
        )


def connect(kind: str, url: str, space: str) -> Any:
    """Return a client of this kind, to be used like `Stm`."""
    if not IS_NEW:
        return Stm.connect(url, space)
    name, engine = kind.split(", ")
    stm = getattr(swarm_workers.stm, name).connect(url, space, engine=engine)
    return Awaited(stm) if name == "AsyncStm" else stm
