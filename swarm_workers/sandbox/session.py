"""A conversation with a program that stays alive in the sandbox."""

import select
from typing import Any, Self

from swarm_workers.sandbox.errors import SessionEndedError, SessionTimeoutError
from swarm_workers.sandbox.inside.channel import Channel, ChannelError
from swarm_workers.sandbox.reply import read_result
from swarm_workers.sandbox.result import RunResult
from swarm_workers.sandbox.wire import Wire

_END_SECONDS_MAX = 30
_LAST_WORDS_SECONDS = 1.0


class Session:
    """One program of `inside/`, running as the sandbox's job until it ends or is closed."""

    def __init__(self, channel: Channel, wire: Wire) -> None:
        """Take the conversation.

        Args:
            channel: to the program, which is not trusted.
            wire: to the zygote, which tells how the job ended.
        """
        self._channel = channel
        self._wire = wire
        self.result: RunResult | None = None
        """How the job ended; None while the session is open."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; blocks while the program does not read.

        Raises:
            SessionEndedError: the job has ended.
            SandboxBrokenError: the sandbox is lost.
        """
        if self.result is not None:
            raise self.ended()
        try:
            self._channel.send(message)
        except OSError:
            self._wait_end()
            raise self.ended() from None

    def receive(self, timeout_seconds: float) -> dict[str, Any]:
        """Wait for the program's next message.

        Raises:
            SessionTimeoutError: none came in time. The session goes on, and nothing is lost.
            SessionEndedError: the job has ended, or sent what is no message.
            SandboxBrokenError: the sandbox is lost.
        """
        if self.result is not None:
            raise self.ended()
        try:
            message = self._channel.receive(timeout_seconds)
        except TimeoutError:
            raise SessionTimeoutError(timeout_seconds, self._tail()) from None
        except ChannelError as error:
            self.close()
            raise SessionEndedError(f"it sent {error}", self._output()) from error
        if message is None:
            self._wait_end()
            raise self.ended()
        return message

    def close(self) -> None:
        """Stop the program if it still runs. Safe to call twice.

        Raises:
            SandboxBrokenError: the sandbox is lost.
        """
        if self.result is not None:
            return
        try:
            self._wire.send({"op": "kill"})
            self._finish(self._wire.receive(_END_SECONDS_MAX))
        finally:
            self._channel.close()

    def end_unstarted(self, reply: dict[str, Any]) -> None:
        """Take the end of a job that never came to speak."""
        self._channel.close()
        self._finish(reply)

    def ended(self) -> SessionEndedError:
        """Return the error that says how the job ended, once it has."""
        assert self.result is not None, "told of an end that has not come"
        return SessionEndedError(_how_it_ended(self.result), self.result.output)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close it."""
        self.close()

    def _tail(self) -> str:
        """Return what the job wrote so far.

        Raises:
            SessionEndedError: the job has ended at this very moment.
        """
        self._wire.send({"op": "tail"})
        reply = self._wire.receive(_END_SECONDS_MAX)
        if "tail" in reply:
            return str(reply["tail"])
        self._channel.close()
        self._finish(reply)
        raise self.ended()

    def _wait_end(self) -> None:
        """Give a program that has hung up a moment to end by itself, for its exit status."""
        select.select([self._wire], [], [], _LAST_WORDS_SECONDS)
        self.close()

    def _finish(self, reply: dict[str, Any]) -> None:
        self.result = read_result(reply)

    def _output(self) -> str:
        return self.result.output if self.result is not None else ""


def _how_it_ended(result: RunResult) -> str:
    if result.stopped_by == "worker":
        return "it was closed"
    if result.stopped_by is not None:
        return f"it went over its limit of {result.stopped_by}"
    if result.signal is not None:
        return f"signal {result.signal} ended it"
    return f"it exited with status {result.exit_status}"
