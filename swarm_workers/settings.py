"""Settings of a worker process, from `SWARM_…` variables and from the embedded stack's file.

Order: an environment variable wins; then `stack.json` in the state folder, which `swarm up` writes;
then the default. URLs may hold passwords: they are `SecretStr`, and never reach a log.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from swarm_workers.errors import ConfigurationError
from tasks_schema.names import STACK_FILE


def _default_home() -> Path:
    return Path.home() / ".local" / "state" / "swarm"


class Settings(BaseSettings):
    """How this process reaches the rest, and the bounds it works within."""

    model_config = SettingsConfigDict(env_prefix="SWARM_", frozen=True)

    home: Path = Field(default_factory=_default_home)
    """The state folder: data of the embedded servers, logs, caches of checkouts."""
    redis_url: SecretStr | None = None
    """`redis://…` of the Redis or Valkey to use; None means the embedded one."""
    database_url: SecretStr | None = None
    """`postgresql://…` of the Postgres to use; None means the embedded one."""

    lease_seconds: float = 60
    """How long a claimed turn stays claimed without a sign of life."""
    lease_renew_seconds: float = 15
    """How often a running attempt gives a sign of life."""
    stop_poll_seconds: float = 0.5
    """How often a running attempt looks whether its swarm is over."""
    deliveries_max: int = 3
    """How many workers may die on one attempt before it is dead."""
    visibility_timeout_seconds: int = 60
    """After how long the broker hands out a message whose worker fell silent."""
    outbox_batch_max: int = 500
    """Reports written to Postgres in one transaction."""
    outbox_poll_seconds: float = 0.2
    """How long the flush sleeps when the outbox is empty."""
    results_days: int = Field(default=30, ge=1)
    """For how many days the outcome of each single test is kept; its sums stay."""
    slice_candidates_max: int = 4000
    """Candidates that one attempt claims and evaluates."""
    attempt_seconds_max: float = 120
    """Wall-clock limit of one attempt's search, beside runs of the success command."""
    job_memory_bytes_max: int = 2 * 2**30
    """Memory of all processes of one sandboxed job together."""
    job_disk_bytes_max: int = 512 * 2**20
    """Files that one sandboxed job may hold, its copy of the code included."""
    job_processes_max: int = 128
    """Processes and threads of one sandboxed job."""
    job_output_bytes_max: int = 2**20
    """Output kept of one sandboxed job; it is stopped when it writes more."""

    @cached_property
    def stack(self) -> dict[str, Any]:
        """What `swarm up` wrote of the embedded stack; empty when it is not there."""
        try:
            found: dict[str, Any] = json.loads((self.home / STACK_FILE).read_text())
        except FileNotFoundError:
            return {}
        return found

    def require_redis_url(self) -> str:
        """Return the URL of Redis.

        Raises:
            ConfigurationError: neither named nor embedded.
        """
        return self._url("redis_url", "SWARM_REDIS_URL")

    def require_database_url(self) -> str:
        """Return the URL of Postgres, as `postgresql://…`.

        Raises:
            ConfigurationError: neither named nor embedded.
        """
        return self._url("database_url", "SWARM_DATABASE_URL")

    def _url(self, field: str, variable: str) -> str:
        named: SecretStr | None = getattr(self, field)
        if named is not None:
            return named.get_secret_value()
        embedded = self.stack.get(field)
        if embedded is None:
            raise ConfigurationError(
                f"{variable} is not set and no embedded stack runs under '{self.home}'; "
                "set it, or run `swarm up`"
            )
        return str(embedded)
