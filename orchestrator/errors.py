"""What can go wrong for the person at the command line.

SwarmError
└── OrchestratorError
    ├── UsageError             what was asked for cannot be done as asked; exit status 2
    └── StackError             the servers or the fleet cannot be started or stopped; exit status 2
        ├── MissingProgramError    a server's program is not installed
        ├── ServerStartError       a server was started and did not come up
        └── SchemaBehindError      the database waits for `swarm migrate`
"""

from pathlib import Path

from tasks_schema.errors import SwarmError


class OrchestratorError(SwarmError):
    """A failure that the operator sees."""


class UsageError(OrchestratorError):
    """What was asked for cannot be done as it was asked."""


class StackError(OrchestratorError):
    """The servers or the fleet cannot be started or stopped."""


class MissingProgramError(StackError):
    """A server's program is not installed."""

    def __init__(self, program: str, package: str, variable: str) -> None:
        """Name the program, the package that brings it, and the variable that makes it needless."""
        super().__init__(
            f"'{program}' is not installed: install the package '{package}', "
            f"or set {variable} to a server of your own"
        )
        self.program = program
        self.package = package
        self.variable = variable


class ServerStartError(StackError):
    """A server was started and did not come up."""

    def __init__(self, server: str, reason: str, log: Path) -> None:
        """Name the server, the last words of its log, and where the whole log is."""
        super().__init__(f"{server} did not start: {reason} (see '{log}')")
        self.server = server
        self.reason = reason
        self.log = log


class SchemaBehindError(StackError):
    """The database waits for `swarm migrate`."""

    def __init__(self, address: str) -> None:
        """Name the database without its password."""
        super().__init__(f"the schema of {address} is behind this program: run `swarm migrate`")
        self.address = address
