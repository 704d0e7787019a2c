"""Processes that use a space while a test looks on: `python -m tests.support.stm_socket.crowd`.

Each tells that it is ready by a line, answers every line that it is sent with how much it has done,
and ends when its input does.
"""

import random
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from swarm_workers.stm import Stm, TVar, check

ACCOUNTS = 16
EACH = 100
"""That every account begins with; moves keep the sum."""
_ROOT = Path(__file__).resolve().parents[3]
_END_SECONDS_MAX = 30


def accounts(stm: Stm) -> list[TVar[int]]:
    """Return the variables between which movers move."""
    return [stm.var(f"account/{number}", int, default=EACH) for number in range(ACCOUNTS)]


def twins(stm: Stm) -> tuple[TVar[int], TVar[int]]:
    """Return two variables that every mover keeps equal."""
    return stm.var("left", int, default=0), stm.var("right", int, default=0)


def hand_over(count: TVar[int], *, mine: int, limit: int) -> int:
    """Wait until it is this side's turn, and give it to the other; return the turn's number."""
    turn = count.get()
    check(turn % 2 == mine or turn >= limit)
    if turn < limit:
        count.set(turn + 1)
    return turn


class Process:
    """One of the crowd, as its parent sees it."""

    def __init__(self, role: str, *arguments: object) -> None:
        command = [sys.executable, "-W", "error", "-m", __name__, role, *map(str, arguments)]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=_ROOT)

    def line(self) -> str:
        """Return what it says next."""
        assert self._child.stdout is not None
        return self._child.stdout.readline().strip()

    def ask(self) -> None:
        """Ask how much it has done; `line` is the answer."""
        assert self._child.stdin is not None
        self._child.stdin.write("\n")
        self._child.stdin.flush()

    def end(self) -> None:
        """End it, and see that it has come to no harm."""
        try:
            self._child.communicate(timeout=_END_SECONDS_MAX)
        finally:
            self._child.kill()
        assert self._child.returncode == 0

    def wait(self) -> str:
        """Return all it says until it ends by itself."""
        try:
            said, _ = self._child.communicate(timeout=_END_SECONDS_MAX)
        finally:
            self._child.kill()
        return said


@contextmanager
def crowd(role: str, url: str, space: str, count: int) -> Iterator[list[Process]]:
    """Lend so many processes that are at work."""
    members = [Process(role, url, space, number) for number in range(count)]
    try:
        for member in members:
            assert member.line() == "ready"
        yield members
    finally:
        for member in members:
            member.end()


def done(members: Sequence[Process]) -> int:
    """Return how much all have done so far."""
    for member in members:
        member.ask()
    return sum(int(member.line()) for member in members)


def _move(stm: Stm, chance: random.Random) -> None:
    source, target = chance.sample(accounts(stm), 2)
    left, right = twins(stm)

    def body() -> None:
        source.set(source.get() - 1)
        target.set(target.get() + 1)
        if chance.random() < 0.1:
            left.set(left.get() + 1)
            right.set(right.get() + 1)

    stm.atomically(body)


def _work_until_told(work: Callable[[], object]) -> None:
    count = 0
    _say("ready")
    while True:
        if select.select([sys.stdin], [], [], 0)[0]:
            if not sys.stdin.readline():
                return
            _say(count)
        work()
        count += 1


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _hand_over_to_the_end(stm: Stm, limit: int) -> None:
    """Take every second turn, and tell how long the longest wait for one was."""
    count, longest, turn = stm.var("turn", int, default=0), 0.0, 0
    _say("ready")
    while turn < limit - 1:
        before = time.monotonic()
        turn = stm.atomically(lambda: hand_over(count, mine=1, limit=limit), timeout_seconds=20)
        if turn > 1:
            longest = max(longest, time.monotonic() - before)
    _say(longest)


def main() -> None:
    """Play a role: `move URL SPACE SEED` or `hand-over URL SPACE LIMIT`."""
    role, url, space, number = sys.argv[1:]
    stm = Stm.connect(url, space)
    if role == "move":
        chance = random.Random(int(number))
        _work_until_told(lambda: _move(stm, chance))
    else:
        _hand_over_to_the_end(stm, int(number))
    stm.close()


if __name__ == "__main__":
    main()
