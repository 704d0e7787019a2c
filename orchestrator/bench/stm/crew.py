"""The agents of the benchmark, as whoever measures sees them: give a job, get what came of it."""

import contextlib
import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import Self

from orchestrator.bench.stm.host import receive, send
from orchestrator.bench.stm.messages import Hello, Job, Outcome, Wanted
from orchestrator.errors import StackError

_END_SECONDS_MAX = 10.0


class Crew:
    """A server and a number of agents, each a process. All of it ends with the `with` block."""

    def __init__(self, agents: int, named_url: str = "") -> None:
        """Start them. Blocks for about a second.

        Args:
            agents: how many can work at once.
            named_url: of a server to use instead of one of the benchmark's own.

        Raises:
            StackError: they do not come up.
        """
        argv = [sys.executable, "-m", "orchestrator.bench.stm.host"]
        # In a session of its own, so that Ctrl-C comes here alone, and this side ends the other.
        self._host = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._host.stdin is not None
        assert self._host.stdout is not None
        self._requests, self._answers = self._host.stdin, self._host.stdout
        send(self._requests, Wanted(agents, named_url))
        hello: Hello | None = receive(self._answers, Hello)
        if hello is None:
            self._host.wait(_END_SECONDS_MAX)
            raise StackError("the benchmark's agents do not start; what failed is said above")
        self.url = hello.url
        self.pids = [self._host.pid, *hello.pids]
        """Processes that have to be gone at the end."""

    def __enter__(self) -> Self:
        """Return this crew."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything."""
        self.close()

    def run(self, job: Job) -> list[Outcome]:
        """Return what each agent did. Blocks for the seconds of the job and some preparation.

        Raises:
            StackError: an agent failed; what it said is on stderr.
        """
        send(self._requests, job)
        outcomes: list[Outcome] | None = receive(self._answers, list[Outcome])
        if outcomes is None:
            raise StackError(f"an agent of '{job.workload}' by '{job.client}' failed, see above")
        return outcomes

    def close(self) -> None:
        """End the host, which ends the rest; if it cannot, end all of them here. Blocks."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._host.wait(_END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            for pid in self.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._host.wait(_END_SECONDS_MAX)
        self._answers.close()
