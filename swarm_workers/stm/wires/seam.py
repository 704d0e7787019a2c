"""What a connection can do, whether it blocks a thread or suspends a coroutine."""

from collections.abc import Sequence
from typing import Any, Protocol

from swarm_workers.stm.wires.ear import Ear
from swarm_workers.stm.wires.packing import Command


class WireLostError(Exception):
    """The connection broke; whether the last flight arrived is not known."""


class Wire(Protocol):
    """One connection. It never reconnects by itself.

    A new connection has forgotten the WATCHes of the old one, so a commit sent on it would
    overwrite what others wrote in between.
    """

    @property
    def is_open(self) -> bool:
        """Whether nothing has broken it yet."""
        ...

    async def flight(
        self, commands: Sequence[Command], *, waiting_seconds: float = 0.0
    ) -> list[Any]:
        """Send all commands, then return all replies; an error reply is returned, not raised.

        Args:
            commands: in order.
            waiting_seconds: how long the server may keep it waiting by request (BLPOP).

        Raises:
            WireLostError: the connection broke.
        """
        ...

    def listen(self, ear: Ear) -> None:
        """Let an ear hear of changes to tracked keys from now on, as long as it exists."""
        ...

    async def wait(self, ear: Ear, keys: frozenset[str], seconds: float | None) -> bool:
        """Wait until the ear has heard of one of the keys; False if the time ran out first.

        Sends nothing.

        Raises:
            WireLostError: the connection broke.
        """
        ...

    def close(self) -> None:
        """Close it. May be called twice, and from any thread."""
        ...
