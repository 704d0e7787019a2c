"""Clients as processes, and the history that they tell.

A client that was killed is replaced by another one that does the rest of its work.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import msgspec

from tests.conformance.stm.nemesis_client import Order
from tests.conformance.stm.nemesis_tale import Line, transaction
from tests.support.elle.history import Outcome, Transaction

_ROOT = Path(__file__).resolve().parents[3]
_MODULE = "tests.conformance.stm.nemesis_client"
_SILENCE_SECONDS_MAX = 30
_LINE = msgspec.json.Decoder(Line)


@dataclass(slots=True)
class Member:
    """One client process and its tale."""

    order: Order
    process: "subprocess.Popen[bytes]"
    thread: threading.Thread | None = None
    begun: dict[int, Line] = field(default_factory=dict)
    """By teller: what it has begun to run and not told the end of."""
    history: list[Transaction] = field(default_factory=list)
    is_killed: bool = False
    """Whether the nemesis has ended it."""
    is_over: bool = False
    """Whether its tale is complete, and whoever does the rest of its work has been started."""

    @property
    def name(self) -> str:
        return f"p{self.order.number}"


class Fleet:
    """All clients of one history."""

    def __init__(
        self, store: str, space: str, *, seed: int, front: str = "threads", lanes: int = 1
    ) -> None:
        """Start nobody yet.

        Args:
            store: name of what they run on.
            space: holds the keys.
            seed: of what they do.
            front: threads or coroutines.
            lanes: how many of these in each process.
        """
        self._template = Order(store, front, lanes, "", space, 0, seed, 0)
        self._numbers = count(1)
        self._changed = threading.Condition()
        self.members: dict[str, Member] = {}
        self.undecided = 0
        """Transactions whose outcome a living client could not learn."""
        self._failures: list[str] = []
        self._told = 0
        self._is_stopping = False

    def start(self, url_of: Callable[[str], str], transactions: int) -> None:
        """Start one client. Does not block.

        Args:
            url_of: returns the server's URL for a client of this name.
            transactions: how many it runs.
        """
        number = next(self._numbers)
        order = msgspec.structs.replace(
            self._template, number=number, url=url_of(f"p{number}"), transactions=transactions
        )
        argv = [sys.executable, "-m", _MODULE, msgspec.json.encode(order).decode()]
        member = Member(order, subprocess.Popen(argv, cwd=_ROOT, stdout=subprocess.PIPE))
        member.thread = threading.Thread(target=self._listen, args=(member, url_of))
        with self._changed:
            self.members[member.name] = member
        member.thread.start()

    def kill(self, name: str) -> None:
        """Kill a client and return when it has ended."""
        member = self.members[name]
        member.is_killed = True
        member.process.kill()
        member.process.wait()

    def running(self) -> list[Member]:
        """Return who has not ended."""
        with self._changed:
            return [each for each in self.members.values() if not each.is_over]

    def wait_told(self, transactions: int) -> bool:
        """Return when so many outcomes were told; False if all have ended before. Blocks.

        Raises:
            AssertionError: nobody has told anything for long.
        """
        with self._changed:
            told = -1
            while not self._changed.wait_for(
                lambda: self._told >= transactions or self._is_over(), _SILENCE_SECONDS_MAX
            ):
                if self._told == told:
                    self._complain()
                told = self._told
            return self._told >= transactions

    def finish(self) -> list[Transaction]:
        """Wait for the end of all, and return what they told. Blocks.

        Raises:
            AssertionError: one of them failed.
        """
        self.wait_told(sys.maxsize)
        for member in list(self.members.values()):
            assert member.thread is not None
            member.thread.join()
        assert not self._failures, self._failures
        return [each for member in self.members.values() for each in member.history]

    def stop(self) -> None:
        """End whoever is left."""
        self._is_stopping = True
        for member in self.running():
            self.kill(member.name)

    def _complain(self) -> None:
        silent = {each.name: each.begun for each in self.members.values() if not each.is_over}
        for name in silent:
            self.members[name].process.send_signal(signal.SIGUSR1)
        raise AssertionError(f"these have been silent for {_SILENCE_SECONDS_MAX} s: {silent}")

    def _is_over(self) -> bool:
        return all(each.is_over for each in self.members.values())

    def _listen(self, member: Member, url_of: Callable[[str], str]) -> None:
        stream = member.process.stdout
        assert stream is not None
        with stream:
            for data in stream:
                if data.endswith(b"\n"):  # the last line of a killed client may be cut
                    self._take(member, _LINE.decode(data))
        member.history += [transaction(begun, None) for begun in member.begun.values()]
        code = member.process.wait()
        left = member.order.transactions - len(member.history)
        if member.is_killed and left > 0 and not self._is_stopping:
            self.start(url_of, left)
        elif code and not member.is_killed:
            self._failures.append(f"{member.name} ended with {code}")
        with self._changed:
            member.is_over = True
            self._changed.notify_all()

    def _take(self, member: Member, line: Line) -> None:
        if line.outcome is None:
            member.begun[line.teller] = line
            return
        member.history.append(transaction(member.begun.pop(line.teller), line))
        with self._changed:
            self._told += 1
            self.undecided += line.outcome is Outcome.UNKNOWN
            self._changed.notify_all()
