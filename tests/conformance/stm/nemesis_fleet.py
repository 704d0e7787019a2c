"""Clients as processes, and the history that they tell.

A client that was killed is replaced by another one that does the rest of its work.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import msgspec

from tests.conformance.stm.nemesis_client import Line, Order
from tests.support.elle.history import (
    Append,
    Contains,
    Count,
    Members,
    Operation,
    Outcome,
    Read,
    Transaction,
)

_ROOT = Path(__file__).resolve().parents[3]
_MODULE = "tests.conformance.stm.nemesis_client"
_LINE = msgspec.json.Decoder(Line)


@dataclass(slots=True)
class Member:
    """One client process and its tale."""

    order: Order
    process: "subprocess.Popen[bytes]"
    thread: threading.Thread | None = None
    begun: Line | None = None
    """What it has begun to run and not told the end of."""
    history: list[Transaction] = field(default_factory=list)
    is_killed: bool = False
    """Whether the nemesis has ended it."""
    is_over: bool = False
    """Whether its tale is complete, and whoever does the rest of its work has been started."""

    @property
    def name(self) -> str:
        return f"c{self.order.number}"


class Fleet:
    """All clients of one history."""

    def __init__(self, store: str, space: str, seed: int) -> None:
        """Start nobody yet.

        Args:
            store: name of what they run on.
            space: holds the keys.
            seed: of what they do.
        """
        self._template = Order(store, "", space, 0, seed, 0)
        self._numbers = count(1)
        self._changed = threading.Condition()
        self.members: dict[str, Member] = {}
        self.failures: list[str] = []
        self.undecided = 0
        """Transactions whose outcome a living client could not learn."""
        self._told = 0
        self._is_stopping = False

    def start(self, url_of: Callable[[str], str], transactions: int) -> None:
        """Start one client. Does not block.

        Args:
            url_of: returns the server's URL for a client of this name.
            transactions: how many it runs.
        """
        number = next(self._numbers)
        url = url_of(f"c{number}")
        order = msgspec.structs.replace(
            self._template, number=number, url=url, transactions=transactions
        )
        argv = [sys.executable, "-m", _MODULE, msgspec.json.encode(order).decode()]
        process = subprocess.Popen(argv, cwd=_ROOT, stdout=subprocess.PIPE)
        member = Member(order, process)
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
        """Return when so many outcomes were told; False if all have ended before. Blocks."""
        with self._changed:
            self._changed.wait_for(lambda: self._told >= transactions or self._is_over())
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
        assert not self.failures, self.failures
        return [each for member in self.members.values() for each in member.history]

    def stop(self) -> None:
        """End whoever is left."""
        self._is_stopping = True
        for member in self.running():
            self.kill(member.name)

    def _is_over(self) -> bool:
        return all(each.is_over for each in self.members.values())

    def _listen(self, member: Member, url_of: Callable[[str], str]) -> None:
        stream = member.process.stdout
        assert stream is not None
        with stream:
            for data in stream:
                if data.endswith(b"\n"):  # the last line of a killed client may be cut
                    self._take(member, _LINE.decode(data))
        if member.begun is not None:
            member.history.append(transaction(member.name, member.begun, None))
        code = member.process.wait()
        left = member.order.transactions - len(member.history)
        if member.is_killed and left > 0 and not self._is_stopping:
            self.start(url_of, left)
        elif code and not member.is_killed:
            self.failures.append(f"{member.name} ended with {code}")
        with self._changed:
            member.is_over = True
            self._changed.notify_all()

    def _take(self, member: Member, line: Line) -> None:
        if line.outcome is None:
            member.begun = line
            return
        assert member.begun is not None
        member.history.append(transaction(member.name, member.begun, line))
        member.begun = None
        with self._changed:
            self._told += 1
            self.undecided += line.outcome is Outcome.UNKNOWN
            self._changed.notify_all()


def transaction(client: str, begun: Line, ended: Line | None) -> Transaction:
    """Return what a client told of one transaction; `ended` is None if it was killed meanwhile."""
    outcome = Outcome.UNKNOWN if ended is None or ended.outcome is None else ended.outcome
    is_told = ended is not None and outcome is Outcome.COMMITTED
    operations = tuple(_operations(ended.operations if is_told else begun.operations))
    completed_at = None if ended is None or outcome is Outcome.UNKNOWN else ended.at
    return Transaction(client, operations, outcome, begun.at, completed_at)


def _operations(lines: list[tuple[str, str, int | bool | list[int]]]) -> Iterator[Operation]:
    for kind, key, value in lines:
        match kind, value:
            case "read", list():
                yield Read(key, tuple(value))
            case "members", list():
                yield Members(key, frozenset(value))
            case "append", int():
                yield Append(key, value)
            case "count", int():
                yield Count(key, value)
            case "contains", int():
                yield Contains(key, abs(value), value > 0)
            case _:
                raise AssertionError((kind, value))
