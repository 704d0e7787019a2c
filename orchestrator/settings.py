"""The workers' settings and the operator's own, from the same `SWARM_…` variables."""

from pydantic import Field

from swarm_workers.settings import Settings


class OrchestratorSettings(Settings):
    """How the operator's process starts, watches and stops the rest."""

    worker_processes: int | None = Field(default=None, ge=1)
    """Attempts that the embedded worker runs at once; None means one per core."""
    start_seconds_max: float = 60
    """How long a server, or the worker, may take until it serves (crash recovery included)."""
    stop_seconds_max: float = 20
    """How long a server may take to end before it is killed."""
    drain_seconds_max: float = 60
    """How long the fleet may take to hand back its attempts before it is killed."""
    restart_seconds_max: float = 30
    """Longest pause before a process that keeps dying is started again; the first is 0.5 s."""
    log_bytes_max: int = 16 * 2**20
    """Size at which a log of the stack is moved aside; one older piece is kept of each."""
    disk_bytes_min: int = 512 * 2**20
    """Free space under the state folder below which `swarm doctor` warns."""
    embedded_fsync: bool = True
    """Whether the embedded servers force writes to disk. False only for throw-away data."""
