"""A conversation with a program that stays alive in the sandbox."""

import select
from collections.abc import Callable
from typing import Any, Self

from swarm_workers.sandbox.errors import SessionEndedError, SessionTimeoutError
from swarm_workers.sandbox.inside.channel import Channel, ChannelError
from swarm_workers.sandbox.result import RunResult


class Session:
    """One program of `inside/`, running as the sandbox's job until it ends or is closed."""

    def __init__(
        self,
        channel: Channel,
        control: Channel,
        ask_tail: Callable[[], str],
        end: Callable[[], RunResult],
    ) -> None:
        """Take the conversation.

        Args:
            channel: to the program. It is not trusted.
            control: to the zygote; readable when the job has ended.
            ask_tail: returns what the running job wrote so far.
            end: stops the job if it still runs, and returns how it ended.
        """
        self._channel = channel
        self._control = control
        self._ask_tail = ask_tail
        self._end = end
        self.result: RunResult | None = None
        """How the job ended; None while the session is open."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; blocks while the program does not read.

        Raises:
            SessionEndedError: the job has ended.
        """
        if self.result is not None:
            raise self._ended()
        try:
            self._channel.send(message)
        except OSError:
            self.close()
            raise self._ended() from None

    def receive(self, timeout_seconds: float) -> dict[str, Any]:
        """Wait for the program's next message.

        Raises:
            SessionTimeoutError: none came in time. The session goes on, and nothing is lost.
            SessionEndedError: the job has ended, or sent what is no message.
            SandboxBrokenError: the sandbox is lost.
        """
        if self.result is not None:
            raise self._ended()
        try:
            message = self._channel.receive(timeout_seconds)
        except TimeoutError:
            if select.select([self._control], [], [], 0)[0]:
                self.close()
                raise self._ended() from None
            raise SessionTimeoutError(timeout_seconds, self._ask_tail()) from None
        except ChannelError as error:
            self.close()
            raise SessionEndedError(f"it sent {error}", self._output()) from error
        if message is None:
            self._wait_end()
            raise self._ended()
        return message

    def close(self) -> None:
        """Stop the program if it still runs. Safe to call twice."""
        if self.result is None:
            self._channel.close()
            self.result = self._end()

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close it."""
        self.close()

    def _wait_end(self) -> None:
        """Give a program that has hung up a moment to end by itself, for its exit status."""
        select.select([self._control], [], [], 1.0)
        self.close()

    def _output(self) -> str:
        return self.result.output if self.result is not None else ""

    def _ended(self) -> SessionEndedError:
        assert self.result is not None, "told of an end that has not come"
        return SessionEndedError(how_it_ended(self.result), self.result.output)


def how_it_ended(result: RunResult) -> str:
    """Return the end of a job as a clause."""
    if result.stopped_by == "worker":
        return "it was closed"
    if result.stopped_by is not None:
        return f"it went over its limit of {result.stopped_by}"
    if result.signal is not None:
        return f"signal {result.signal} ended it"
    return f"it exited with status {result.exit_status}"
