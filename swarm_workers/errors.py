"""What can go wrong in a worker.

SwarmError
└── WorkerError
    ├── ConfigurationError      the settings cannot be used as they are
    ├── ServiceUnreachableError  Postgres or Redis does not answer
    ├── SourceError             the source store refuses (swarm_workers.source.errors)
    └── SandboxError            no sandbox, or the sandbox broke (swarm_workers.sandbox.errors)

`swarm_workers.stm` is a library of its own and has its own tree (`swarm_workers.stm.errors`).
"""

from tasks_schema.errors import SwarmError


class WorkerError(SwarmError):
    """A failure in a worker."""


class ConfigurationError(WorkerError):
    """The settings cannot be used as they are."""


class ServiceUnreachableError(WorkerError):
    """A server does not answer."""

    def __init__(self, service: str, address: str, reason: str) -> None:
        """Name the service, where it was looked for, and what the attempt to reach it said."""
        super().__init__(
            f"{service} at {address} does not answer ({reason}); "
            "start it, or run `swarm up` for the embedded stack, then `swarm doctor`"
        )
        self.service = service
        self.address = address
        self.reason = reason


class SourceError(WorkerError):
    """The source store refuses."""


class SandboxError(WorkerError):
    """No sandbox can be had, or the sandbox broke."""
