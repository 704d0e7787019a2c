"""The file by which others see that a worker takes messages.

It is there from the moment the worker is ready until it begins to drain, and its time of change is
the last sign of life. So a probe costs one look at a file, where asking the worker through the
broker costs a third of a second, and fails when the broker is away.
"""

from contextlib import suppress
from os import utime
from pathlib import Path

from tasks_schema.names import WORKER_READY_FILE


class ReadyFile:
    """One worker's file. Safe for use from several threads and in signal handlers."""

    def __init__(self, home: Path, hostname: str) -> None:
        """Stand for the file of the worker with this node name, in this state folder."""
        self.path = home / WORKER_READY_FILE.format(hostname=hostname)

    def create(self, process_id: int) -> None:
        """Say that the worker of this process is ready."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(f"{process_id}\n")

    def touch(self) -> None:
        """Give a sign of life; nothing happens when the file is not there any more."""
        with suppress(FileNotFoundError):
            utime(self.path)

    def remove(self) -> None:
        """Say that the worker takes no more messages."""
        self.path.unlink(missing_ok=True)
