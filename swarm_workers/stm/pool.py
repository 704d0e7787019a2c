"""Connections of one space that wait for their next transaction, per process.

A forked child starts with an empty pool: it must never speak on a socket of its parent, nor take a
lock that a thread of the parent held at the moment of the fork.
"""

import os
import secrets
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from swarm_workers.stm.errors import StmUsageError
from swarm_workers.stm.wire import Wire

_IDLE_MAX = 8


@dataclass(slots=True)
class Slot:
    """A writer: one transaction at a time, numbered commits, and the connection in use."""

    writer: str = field(default_factory=lambda: secrets.token_urlsafe(6))
    """Eight characters, unlike those of any other slot on any host."""
    sequence: int = 0
    """Of the latest commit or fence that was sent."""
    wire: Wire | None = None
    is_uncertain: bool = False
    """True from the sending of a commit until its outcome is known."""

    def next_sequence(self) -> int:
        """Return the number of the commit that is to be sent now."""
        self.sequence += 1
        return self.sequence

    def drop_wire(self) -> None:
        """Close the connection, if there is one."""
        if self.wire is not None:
            self.wire.close()
            self.wire = None


class _Process:
    """What one process has open."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.closed = threading.Event()
        self.idle: list[Slot] = []
        self.wires: weakref.WeakSet[Wire] = weakref.WeakSet()


class Pool:
    """Slots to borrow. Any number may be out; a few are kept when they come back."""

    def __init__(self, address: Mapping[str, Any]) -> None:
        """Remember where the server is; connects to nothing."""
        self._address = address
        self._state = _Process()

    @property
    def closed(self) -> threading.Event:
        """Set when this process has closed the pool."""
        return self._process().closed

    def take(self) -> Slot:
        """Return a slot for one transaction, the one used last if any is idle.

        Raises:
            StmUsageError: the pool is closed.
        """
        process = self._process()
        if process.closed.is_set():
            raise StmUsageError("this Stm is closed; make another with `Stm.connect`")
        with process.lock:
            return process.idle.pop() if process.idle else Slot()

    def give_back(self, slot: Slot) -> None:
        """Keep a slot for the next transaction, or close it."""
        process = self._process()
        with process.lock:
            is_kept = len(process.idle) < _IDLE_MAX and not process.closed.is_set()
            # A writer whose last commit may still arrive is never used again.
            if is_kept and not slot.is_uncertain:
                process.idle.append(slot)
                return
        slot.drop_wire()

    def open_wire(self) -> Wire:
        """Return a new connection. Blocks.

        Raises:
            WireLostError: no connection can be had now.
            StmServerError: the server refuses it.
        """
        wire = Wire(self._address)
        process = self._process()
        with process.lock:
            process.wires.add(wire)
        return wire

    def close(self) -> None:
        """Close idle connections and break those in use. May be called twice."""
        process = self._process()
        process.closed.set()
        with process.lock:
            idle, process.idle = process.idle, []
            in_use = list(process.wires)
        for slot in idle:
            slot.drop_wire()
        for wire in in_use:
            wire.abort()

    def _process(self) -> _Process:
        # Two threads of a fresh child may both get here; the loser's pool is merely collected.
        if self._state.pid != os.getpid():
            self._state = _Process()
        return self._state
