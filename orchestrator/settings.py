"""The workers' settings and the operator's own, from the same `SWARM_…` variables."""

from pydantic import Field, SecretStr

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
    attempts_per_slot: int = Field(default=2, ge=1)
    """Attempts kept in flight for each one that the fleet can run: one runs, the rest wait."""
    slots_assumed: int = Field(default=2, ge=1)
    """Attempts that the fleet is taken to run at once while no worker has said how many it can."""
    refill_seconds: float = Field(default=0.2, gt=0)
    """How often the refill looks while swarms are live, if nothing wakes it before."""
    refill_idle_seconds: float = Field(default=2, gt=0)
    """How often it looks while none is, if nothing wakes it before."""
    resend_seconds: float = Field(default=90, gt=0)
    """After how long an attempt that was sent and is not reported is sent again."""

    def as_environment(self) -> dict[str, str]:
        """Return the variables by which a process that is started gets these very settings."""
        named = {name: getattr(self, name) for name in self.model_fields_set | {"home"}}
        return {
            f"SWARM_{name.upper()}": (
                value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            )
            for name, value in named.items()
            if value is not None
        }
