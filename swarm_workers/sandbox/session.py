"""A conversation with a program that stays alive in the sandbox."""

import select
from contextlib import suppress
from typing import Any, Self

from swarm_workers.sandbox.errors import SandboxBrokenError, SessionEndedError, SessionTimeoutError
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
        self.is_open = True
        """False once the job has ended, or the sandbox was lost with it."""
        self.result: RunResult | None = None
        """How the job ended; None while the session is open, and if the sandbox was lost."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; blocks while the program does not read.

        Raises:
            SessionEndedError: the job has ended.
            SandboxBrokenError: the sandbox is lost.
        """
        if not self.is_open:
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
        if not self.is_open:
            raise self.ended()
        try:
            message = self._channel.receive(timeout_seconds)
        except TimeoutError:
            raise SessionTimeoutError(timeout_seconds, self._tail()) from None
        except ChannelError as error:
            self._end()
            raise SessionEndedError(f"it sent {error}", self._output()) from error
        if message is None:
            self._wait_end()
            raise self.ended()
        return message

    def close(self) -> None:
        """Stop the program if it still runs. Safe to call twice, and for a sandbox that is lost."""
        with suppress(SandboxBrokenError):
            self._end()

    def end_unstarted(self, reply: dict[str, Any]) -> None:
        """Take the end of a job that never came to speak."""
        self._finish(reply)

    def hang_up(self) -> None:
        """Let go of the conversation, for the sandbox is being closed."""
        self.is_open = False
        self._channel.close()

    def ended(self) -> SessionEndedError:
        """Return the error that says how the job ended, once it has."""
        if self.result is None:
            return SessionEndedError("its sandbox was closed or lost", "")
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
        self._finish(reply)
        raise self.ended()

    def _wait_end(self) -> None:
        """Give a program that has hung up a moment to end by itself, for its exit status."""
        select.select([self._wire], [], [], _LAST_WORDS_SECONDS)
        self._end()

    def _end(self) -> None:
        if not self.is_open:
            return
        try:
            self._wire.send({"op": "kill"})
            self._finish(self._wire.receive(_END_SECONDS_MAX))
        finally:
            self.hang_up()

    def _finish(self, reply: dict[str, Any]) -> None:
        self.hang_up()
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
