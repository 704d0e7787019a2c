"""The zygote's watch over one job: until it ends, breaks a limit, or the worker calls it off."""

from __future__ import annotations

import os
import select
import time
from typing import Any, NamedTuple

from . import processes
from .channel import Channel

_POLL_SECONDS = 0.05
_CHUNK_BYTES = 1 << 16


class WorkerGoneError(Exception):
    """The worker has hung up: nothing is left to do but to end, and take all down."""


class End(NamedTuple):
    """How a job ended."""

    wait_status: int | None
    """As the kernel tells it; None if it was stopped."""
    stopped_by: str | None
    """The limit that stopped it, or `worker`; None if it ended by itself."""
    memory_bytes_max: int


class Output:
    """What the job wrote, bounded."""

    def __init__(self, fd: int, bytes_max: int) -> None:
        """Take over the reading end of the job's output."""
        self.fd: int | None = fd
        self._bytes_max = bytes_max
        self._kept = bytearray()
        self._count = 0
        os.set_blocking(fd, False)

    @property
    def is_too_long(self) -> bool:
        """Say whether more was written than is allowed."""
        return self._count > self._bytes_max

    def read(self) -> None:
        """Read what is there now, a bounded amount of it; close at the end."""
        if self.fd is None:
            return
        try:
            chunk = os.read(self.fd, _CHUNK_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self.close()
        self._count += len(chunk)
        self._kept += chunk
        if len(self._kept) > self._bytes_max:
            del self._kept[: -self._bytes_max]

    def drain(self) -> None:
        """Read what is left once no process can write any more."""
        while self.fd is not None and not self.is_too_long:
            self.read()
        self.close()

    def close(self) -> None:
        """Stop reading."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def text(self) -> str:
        """Return what was kept, the end of it if it was too long."""
        return self._kept.decode("utf-8", "replace")


class Watch:
    """One job under its limits."""

    def __init__(self, pid: int, limits: dict[str, Any], output: Output, wakeup: int) -> None:
        """Start the clocks.

        Args:
            pid: the job's first process.
            limits: as the worker sent them.
            output: what it writes.
            wakeup: a descriptor that becomes readable when a child has ended.
        """
        self._pid = pid
        self._limits = limits
        self._output = output
        self._wakeup = wakeup
        self._deadline = time.monotonic() + limits["wall_seconds"]
        self._cpu_before = processes.cpu_seconds_of_the_dead()
        self._next_poll = time.monotonic() + _POLL_SECONDS
        self._memory_bytes_max = 0

    def wait(self, control: Channel) -> End:
        """Wait for the end and return it. Processes may be left: the caller kills them.

        Raises:
            WorkerGoneError: the worker has hung up.
        """
        while True:
            wait_status = self._reap()
            if wait_status is not None:
                return End(wait_status, None, self._memory_bytes_max)
            stopped_by = self._broken_limit() or self._listen(control)
            if stopped_by is not None:
                return End(None, stopped_by, self._memory_bytes_max)

    def wait_setup(self, setup: int) -> bytes | None:
        """Return what the job said before it began; empty if it began; None if it took too long."""
        said = b""
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([setup], [], [], left)[0]:
                return None
            chunk = os.read(setup, _CHUNK_BYTES)
            if not chunk:
                return said
            said += chunk

    def _reap(self) -> int | None:
        ended = None
        while True:
            try:
                pid, wait_status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            if pid == self._pid:
                ended = wait_status

    def _broken_limit(self) -> str | None:
        if self._output.is_too_long:
            return "output"
        now = time.monotonic()
        if now >= self._deadline:
            return "wall"
        if now < self._next_poll:
            return None
        usage = processes.measure()
        self._next_poll = time.monotonic() + _POLL_SECONDS
        self._memory_bytes_max = max(self._memory_bytes_max, usage.memory_bytes)
        cpu_seconds = usage.cpu_seconds + processes.cpu_seconds_of_the_dead() - self._cpu_before
        if usage.memory_bytes > self._limits["memory_bytes"]:
            return "memory"
        if usage.processes > self._limits["processes"]:
            return "processes"
        return "cpu" if cpu_seconds > self._limits["cpu_seconds"] else None

    def _listen(self, control: Channel) -> str | None:
        """Wait for output, the end of a child, the worker, or the next look at the limits."""
        sources: list[Any] = [control, self._wakeup]
        if self._output.fd is not None:
            sources.append(self._output.fd)
        pause = min(self._next_poll, self._deadline) - time.monotonic()
        ready = select.select(sources, [], [], max(0.0, pause))[0]
        if self._wakeup in ready:
            os.read(self._wakeup, _CHUNK_BYTES)
        if self._output.fd is not None and self._output.fd in ready:
            self._output.read()
        return self._obey(control) if control in ready else None

    def _obey(self, control: Channel) -> str | None:
        order = control.receive()
        if order is None:
            raise WorkerGoneError
        if order["op"] == "tail":
            control.send({"tail": self._output.text()})
            return None
        return "worker"
