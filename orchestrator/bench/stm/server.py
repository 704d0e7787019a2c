"""A Valkey of the benchmark's own: in memory alone, on the loopback interface, with a password."""

import os
import secrets
import signal
import socket
import subprocess
import time

from orchestrator.errors import StackError
from orchestrator.stack.endpoint import HOST, free_port
from orchestrator.stack.valkey import find_server

_START_SECONDS_MAX = 10.0
_STOP_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.01
_CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
save ""
appendonly no
maxmemory-policy noeviction
"""


class Server:
    """A child of this process."""

    def __init__(self) -> None:
        """Start it and return once it serves. Blocks.

        Raises:
            MissingProgramError: it is not installed.
            StackError: it does not come up.
        """
        port, password = free_port(), secrets.token_urlsafe(16)
        self.url = f"redis://:{password}@{HOST}:{port}/0"
        self._process = subprocess.Popen(
            [str(find_server()), "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", env={"PATH": os.defpath}, start_new_session=True,
        )  # fmt: skip
        self.pid = self._process.pid
        assert self._process.stdin is not None
        text = _CONFIGURATION.format(host=HOST, port=port, password=password)
        with self._process.stdin as stream:
            stream.write(text.encode())
        try:
            self._wait_until_serving(port)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it. Blocks."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_SECONDS_MAX)

    def _wait_until_serving(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS_MAX
        while True:
            try:
                # With nothing kept on disk, one that listens also serves.
                socket.create_connection((HOST, port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise StackError("the benchmark's Valkey does not start") from None
                time.sleep(_POLL_SECONDS)  # noqa: TID251 - there is no event to wait for
            else:
                return
