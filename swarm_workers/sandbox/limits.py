"""What one sandboxed job may use."""

from dataclasses import dataclass
from typing import Self

from swarm_workers.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one job, all its processes together where not said otherwise."""

    wall_seconds: float = 600
    """From its start; for a session, from its opening to its end."""
    cpu_seconds: float = 600
    """User and system time. Looked at 20 times a second; the kernel holds each process to it."""
    memory_bytes: int = 2 * 2**30
    """Memory, looked at 20 times a second; the kernel holds each process's address space to it.

    Files do not count: `disk_bytes` bounds them. Nor does memory that the kernel holds for the job,
    such as the buffers of its pipes and sockets.
    """
    processes: int = 128
    """Processes and threads."""
    file_bytes: int = 256 * 2**20
    """The size of one file."""
    disk_bytes: int = 512 * 2**20
    """Files of one folder tree: the code's copy, and as much again for temporary files.

    Fixed when the sandbox boots; ignored in the limits of a single run. The files are held in
    memory.
    """
    output_bytes: int = 2**20
    """What it writes to stdout and stderr together; it is stopped when it writes more."""

    @classmethod
    def of(cls, settings: Settings, seconds: float) -> Self:
        """Return what the settings allow a job, for so many seconds of wall clock and of CPU."""
        return cls(
            wall_seconds=seconds,
            cpu_seconds=seconds,
            memory_bytes=settings.job_memory_bytes_max,
            processes=settings.job_processes_max,
            disk_bytes=settings.job_disk_bytes_max,
            output_bytes=settings.job_output_bytes_max,
        )

    def __post_init__(self) -> None:
        """State that a bound of nothing is a mistake of the caller."""
        for name in self.__slots__:
            assert getattr(self, name) > 0, f"limit {name} must be above 0"
