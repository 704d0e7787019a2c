"""Connections of one space that wait for their next transaction, per process.

A forked child starts with an empty pool: it must never speak on a socket of its parent, nor take a
lock that a thread of the parent held at the moment of the fork.
"""

import threading
import weakref

from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.forks import generation
from swarm_workers.stm.pools.slots import Idle, Slot
from swarm_workers.stm.wires.address import Address
from swarm_workers.stm.wires.blocking import BlockingWire
from swarm_workers.stm.wires.ear import Ear
from swarm_workers.stm.wires.seam import WireLostError

IDLE_MAX = 8
"""Connections kept for the next transactions."""


class _Process:
    """What one process has open."""

    def __init__(self) -> None:
        self.generation = generation()
        self.lock = threading.Lock()
        self.closed = threading.Event()
        self.idle = Idle()
        self.wires: weakref.WeakSet[BlockingWire] = weakref.WeakSet()


class BlockingPool:
    """Slots to borrow. Any number may be out; a few are kept when they come back."""

    reads_at_once = True
    """A body that asks for something gets it while it runs: its thread blocks."""

    def __init__(self, address: Address) -> None:
        """Remember where the server is; connects to nothing."""
        self._address = address
        self.place = address.place
        self._state = _Process()

    @property
    def is_closed(self) -> bool:
        """Whether this process has closed the pool."""
        return self._process().closed.is_set()

    def take(self, caller: object = None) -> Slot:
        """Return a slot for one transaction, the one that the caller had last if it is idle.

        Raises:
            StmUsageError: the pool is closed.
        """
        process = self._process()
        if process.closed.is_set():
            raise StmUsageError("this Stm is closed; make another with `Stm.connect`")
        with process.lock:
            return process.idle.take(caller)

    def give_back(self, slot: Slot) -> None:
        """Keep a slot for the next transaction, or close it."""
        process = self._process()
        with process.lock:
            is_kept = len(process.idle) < IDLE_MAX and not process.closed.is_set()
            # A writer whose last commit may still arrive is never used again.
            surplus = process.idle.put(slot) if is_kept and not slot.is_uncertain else slot
        if surplus is not None:
            surplus.drop_wire()

    async def open_wire(self, slot: Slot) -> None:
        """Give the slot a new connection. Blocks.

        Raises:
            WireLostError: no connection can be had now.
            StmServerError: the server refuses it.
        """
        wire = BlockingWire(self._address)
        process = self._process()
        with process.lock:
            process.wires.add(wire)
        if process.closed.is_set():  # by a thread that did not see this one yet
            wire.close()
            raise WireLostError("the pool was closed")
        slot.take_wire(wire)

    def ear(self) -> Ear:
        """Return an ear for a transaction that may wait."""
        return Ear()

    async def pause(self, seconds: float) -> None:
        """Block for a while, or until the pool is closed."""
        self._process().closed.wait(seconds)

    def close(self) -> None:
        """Close idle connections and break those in use. May be called twice."""
        process = self._process()
        process.closed.set()
        with process.lock:
            idle = process.idle.clear()
            in_use = list(process.wires)
        for slot in idle:
            slot.drop_wire()
        for wire in in_use:
            wire.abort()

    def _process(self) -> _Process:
        # Two threads of a fresh child may both get here; the loser's pool is merely collected.
        if self._state.generation != generation():
            self._state = _Process()
        return self._state
