"""How one sandboxed job ended."""

from dataclasses import dataclass

from tasks_schema.messages.attempt import TestResult


@dataclass(frozen=True, slots=True)
class RunResult:
    """What is known of a job that ran.

    `tests` and `exit_status` are believed together or not at all. The outcomes are written by a
    plug-in in the job's own process, which runs the code under test: that code can add a line that
    says `passed`. The exit status can be forged too, by ending the process early, but then the
    tests that did not finish are missing or errors. So a run is green if and only if the status is
    0 and no outcome is red, and a caller that knows which tests there are also asks for each.
    """

    exit_status: int | None
    """Of the command; None when it was stopped or a signal ended it."""
    stopped_by: str | None
    """The limit that stopped it: wall, cpu, memory, processes, output or disk; None otherwise."""
    signal: int | None
    """The signal that ended it, sent by itself or by the kernel; None otherwise."""
    output: str
    """Its stdout and stderr as they came, the last `output_bytes` of it."""
    seconds: float
    """Wall-clock time, the unpacking of its files included."""
    cpu_seconds: float
    """User and system time of all its processes."""
    rss_bytes_max: int
    """The most memory that all its processes were seen to use; 0 if it ended before one look."""
    tests: tuple[TestResult, ...] | None
    """How each test ended, in the order in which they ended; None if the command told of none."""
    collect_errors: tuple[str, ...] = ()
    """The full texts of what could not be collected."""

    @property
    def is_green(self) -> bool:
        """Say whether the command succeeded and no test of it is red."""
        is_red = any(test.outcome.is_red for test in self.tests or ())
        return self.exit_status == 0 and not is_red
