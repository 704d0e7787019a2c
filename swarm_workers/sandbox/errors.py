"""What can go wrong with a sandbox.

SandboxError (swarm_workers.errors)
├── NoIsolationError       this machine cannot isolate: nothing is run
├── SandboxBrokenError     this sandbox is lost: boot another one and try again
├── SandboxBusyError       it runs a session: a mistake of the caller
├── CommandError           the job's program cannot be run
│   ├── CommandNotFoundError     it does not exist in there
│   └── CommandNotRunnableError  it exists, and the kernel does not run it
├── SessionEndedError      the job behind a session has ended
└── SessionTimeoutError    the job behind a session has not answered in time
"""

from swarm_workers.errors import SandboxError

_TAIL_CHARACTERS_MAX = 2_000


class NoIsolationError(SandboxError):
    """This machine cannot keep strange code in, so none is run."""

    def __init__(self, reason: str) -> None:
        """Take what is missing, and what to do, as one clause."""
        super().__init__(f"this machine cannot isolate code, so nothing is run: {reason}")
        self.reason = reason


class SandboxBrokenError(SandboxError):
    """The sandbox's own process is gone or does not answer."""

    def __init__(self, reason: str) -> None:
        """Take what was seen."""
        super().__init__(f"the sandbox is lost ({reason}); boot another one and run the job again")
        self.reason = reason


class SandboxBusyError(SandboxError):
    """A second job was asked of a sandbox that runs a session."""

    def __init__(self) -> None:
        """State the rule that was broken."""
        super().__init__(
            "the sandbox runs a session, and one sandbox runs one job at a time; "
            "close the session first, or boot a second sandbox"
        )


class CommandError(SandboxError):
    """The command's program cannot be run: a fault of the command, not of the sandbox."""


class CommandNotFoundError(CommandError):
    """The command's program does not exist inside the sandbox."""

    def __init__(self, program: str, interpreter: str) -> None:
        """Take the program as the command names it, and the path of the sandbox's Python."""
        super().__init__(
            f"the program '{program}' was not found in the sandbox; it must be in the repository, "
            f"beside its interpreter '{interpreter}', or under /usr"
        )
        self.program = program
        self.interpreter = interpreter


class CommandNotRunnableError(CommandError):
    """The command's program exists inside the sandbox, and the kernel does not run it."""

    def __init__(self, program: str, reason: str) -> None:
        """Take the program as the command names it, and what the kernel said."""
        super().__init__(
            f"the program '{program}' cannot be run ({reason[:1].lower()}{reason[1:]}); a script "
            "needs its executable bit and a first line such as '#!/bin/sh'"
        )
        self.program = program
        self.reason = reason


class SessionEndedError(SandboxError):
    """The job behind a session has ended, by itself or stopped."""

    def __init__(self, reason: str, output: str) -> None:
        """Take how it ended, and what it wrote."""
        super().__init__(f"the session's job has ended: {reason}{_quote(output)}")
        self.reason = reason
        self.output = output


class SessionTimeoutError(SandboxError):
    """The job behind a session has not answered in time. It still runs."""

    def __init__(self, timeout_seconds: float, output: str) -> None:
        """Take the time that it was given, and what it wrote so far."""
        super().__init__(
            f"the session's job did not answer within {timeout_seconds:g} s{_quote(output)}"
        )
        self.timeout_seconds = timeout_seconds
        self.output = output


def _quote(output: str) -> str:
    tail = output.strip()[-_TAIL_CHARACTERS_MAX:]
    return f"; its output ended with:\n{tail}" if tail else ""
