"""The worker's hold on one zygote: its process, the control channel, and what it says when it dies.

Whatever goes wrong on the wire ends the zygote: a sandbox in an unknown state is used no more.
"""

import os
import subprocess
from typing import Any

from swarm_workers.sandbox.errors import SandboxBrokenError
from swarm_workers.sandbox.inside.channel import Channel, ChannelError

_LOG_BYTES_MAX = 1 << 16


class Wire:
    """One zygote, as seen from the worker."""

    def __init__(self, process: subprocess.Popen[bytes], control: Channel, log: int) -> None:
        """Take over a process, the channel to it, and the descriptor of what it writes."""
        self._process = process
        self._control = control
        self._log = log
        self._is_closed = False

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the zygote has something to tell."""
        return self._control.fileno()

    def send(self, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        """Send one message.

        Raises:
            SandboxBrokenError: the zygote is gone.
        """
        if self._is_closed:
            raise SandboxBrokenError("it was closed")
        try:
            self._control.send(message, fds)
        except OSError as error:
            raise self.broken(str(error)) from error

    def receive(self, timeout_seconds: float) -> dict[str, Any]:
        """Wait for one message.

        Raises:
            SandboxBrokenError: the zygote is gone, or silent for too long.
        """
        try:
            reply = self._control.receive(timeout_seconds)
        except (TimeoutError, ChannelError, OSError) as error:
            raise self.broken(str(error)) from error
        if reply is None:
            raise self.broken("its process has ended")
        return reply

    def broken(self, reason: str) -> SandboxBrokenError:
        """End the zygote, and return an error that says what it last said."""
        said: list[str] = []
        if not self._is_closed:
            self._kill()
            log = os.pread(self._log, _LOG_BYTES_MAX, 0).decode("utf-8", "replace")
            said = log.strip().splitlines()
            self.close()
        return SandboxBrokenError(f"{reason}: {said[-1]}" if said else reason)

    def kill(self) -> None:
        """End the zygote from any thread; whoever waits for it is told that it is lost."""
        self._process.kill()

    def close(self) -> None:
        """End the zygote and all that runs in it; waits for that. Safe to call twice."""
        if not self._is_closed:
            self._is_closed = True
            self._control.close()
            self._kill()
            os.close(self._log)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
