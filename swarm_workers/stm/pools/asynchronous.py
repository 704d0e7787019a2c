"""Connections of one space in one event loop."""

import asyncio

from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.pools.slots import Idle, Slot
from swarm_workers.stm.wires.address import Address
from swarm_workers.stm.wires.asynchronous import AsyncEar, AsyncWire
from swarm_workers.stm.wires.seam import WireLostError

IDLE_MAX = 64
"""Slots kept for the next transactions."""


class AsyncPool:
    """Slots to borrow, each with a connection of its own or all with one that they share."""

    reads_at_once = False
    """A body cannot wait in the middle: it runs again when what it asked for is there."""

    def __init__(self, address: Address, *, is_shared: bool) -> None:
        """Remember where the server is; connects to nothing.

        Args:
            address: of the server.
            is_shared: one connection for all. Not for engines that WATCH: a WATCH belongs to the
                connection, so each transaction needs its own.
        """
        self._address = address
        self.place = address.place
        self._is_shared = is_shared
        self._idle = Idle()
        self._in_use: set[AsyncWire] = set()
        self._shared: AsyncWire | None = None
        self._opening = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_closed = False

    def take(self, caller: object = None) -> Slot:
        """Return a slot for one transaction, the one that the caller had last if it is idle.

        Raises:
            StmUsageError: the pool is closed, or was used in another event loop before.
        """
        if self.is_closed:
            raise StmUsageError("this AsyncStm is closed; make another with `AsyncStm.connect`")
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise StmUsageError("this AsyncStm belongs to another event loop; make one for each")
        return self._idle.take(caller)

    def give_back(self, slot: Slot) -> None:
        """Keep a slot for the next transaction, or close it."""
        # A writer whose last commit may still arrive is never used again.
        is_kept = len(self._idle) < IDLE_MAX and not self.is_closed and not slot.is_uncertain
        surplus = self._idle.put(slot) if is_kept else slot
        if surplus is not None:
            surplus.drop_wire()

    async def open_wire(self, slot: Slot) -> None:
        """Give the slot a new connection, or the shared one.

        Raises:
            WireLostError: no connection can be had now.
            StmServerError: the server refuses it.
        """
        if self._is_shared and not slot.wants_own_wire:
            slot.take_wire(await self._shared_wire(), is_own=False)
            return
        wire = await self._open()
        self._in_use = {each for each in self._in_use if each.is_open} | {wire}
        slot.take_wire(wire)

    def ear(self) -> AsyncEar:
        """Return an ear for a transaction that may wait."""
        return AsyncEar()

    async def pause(self, seconds: float) -> None:
        """Let others run for a while."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Close all connections; transactions that still run fail. May be called twice."""
        self.is_closed = True
        for slot in self._idle.clear():
            slot.drop_wire()
        for wire in self._in_use:
            wire.close()
        if self._shared is not None:
            self._shared.close()

    async def _shared_wire(self) -> AsyncWire:
        async with self._opening:
            if self._shared is None or not self._shared.is_open:
                self._shared = await self._open()
            return self._shared

    async def _open(self) -> AsyncWire:
        wire = await AsyncWire.open(self._address)
        if self.is_closed:  # meanwhile
            wire.close()
            raise WireLostError("the pool was closed")
        return wire
