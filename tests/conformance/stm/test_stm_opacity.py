"""No body ever sees a state that never was, also if it reads one thing after the other."""

import os
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest
import redis

from swarm_workers.stm import Stm, TransactionTimeoutError
from tests.support.stm_socket.crowd import ACCOUNTS, EACH, Process, accounts, crowd, done, twins

_MOVERS = 4
_HEADER_BYTES = 22
_SPINS_MAX = 1000
_PATIENCE_SECONDS = 1.0
_BODIES = [300, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]


@pytest.fixture(scope="module")
def stm(redis_url: str) -> Iterator[Stm]:
    """A space whose accounts are there."""
    stm = Stm.connect(redis_url, f"stm-opacity-{os.getpid()}")
    stm.atomically(lambda: [account.set(EACH) for account in accounts(stm)])
    yield stm
    stm.purge()
    stm.close()


@pytest.fixture(scope="module")
def movers(redis_url: str, stm: Stm) -> Iterator[list[Process]]:
    """Processes that move between the accounts."""
    with crowd("move", redis_url, stm.space, _MOVERS) as movers:
        yield movers


class Auditor:
    """Looks at all accounts, over and over."""

    def __init__(self, stm: Stm, bodies: int) -> None:
        self._stm = stm
        self._bodies = bodies
        self._accounts = accounts(stm)
        self.begun = 0
        self.sums: list[int] = []
        """Of bodies that came to the end, whether they committed or not."""

    def audit(self) -> None:
        self.begun += 1
        self.sums.append(sum([account.get() for account in self._accounts]))

    def work(self, body: Callable[[], Callable[[], Any]]) -> None:
        """Run bodies until enough have begun."""
        while self.begun < self._bodies:
            try:
                self._stm.atomically(body(), timeout_seconds=_PATIENCE_SECONDS)
            except TransactionTimeoutError:
                continue  # beside movers who never stop; what it saw counts all the same


def _never_seen_before(body: Callable[[], Any], number: int) -> Callable[[], Any]:
    """Return the body as new code, of which nobody can foresee what it is going to read."""
    plain: Any = body
    code = plain.__code__.replace(co_name=f"audit_{number}")
    return FunctionType(code, plain.__globals__, closure=plain.__closure__)


@pytest.mark.parametrize("bodies", _BODIES)
def test_an_auditor_who_reads_what_was_foreseen_sees_no_impossible_sum(
    movers: list[Process], stm: Stm, bodies: int
) -> None:
    auditor = Auditor(stm, bodies)
    before = done(movers)
    auditor.work(lambda: auditor.audit)
    assert done(movers) > before, "nobody moved"
    assert set(auditor.sums) == {ACCOUNTS * EACH}


@pytest.mark.parametrize("bodies", _BODIES)
def test_an_auditor_who_reads_one_account_at_a_time_sees_no_impossible_sum(
    movers: list[Process], stm: Stm, bodies: int
) -> None:
    auditor = Auditor(stm, bodies)

    def audit() -> None:
        auditor.audit()

    before = done(movers)
    auditor.work(lambda: _never_seen_before(audit, auditor.begun))
    assert done(movers) > before, "nobody moved"
    assert set(auditor.sums) <= {ACCOUNTS * EACH}


def test_a_body_that_loops_while_two_equal_variables_differ_does_not_hang(
    movers: list[Process], stm: Stm
) -> None:
    left, right = twins(stm)
    runs: list[int] = []

    def body() -> None:
        spins = 0
        while left.get() != right.get():
            spins += 1
            assert spins < _SPINS_MAX, "it would never end"
        runs.append(left.get())

    for number in range(200):
        stm.atomically(_never_seen_before(body, number))
    assert runs[-1] > runs[0], "nobody moved"


def test_a_reader_who_watches_and_then_gets_one_at_a_time_does_see_impossible_sums(
    movers: list[Process], redis_url: str, stm: Stm
) -> None:
    keys = [f"{{{stm.space}}}:v:account/{number}" for number in range(ACCOUNTS)]
    sums: list[int] = []
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(100):
            with client.pipeline() as pipeline:
                pipeline.watch(*keys)
                stored = [pipeline.get(key) for key in keys]
                sums.append(sum(int(each[_HEADER_BYTES:]) for each in stored))
    impossible = sum(each != ACCOUNTS * EACH for each in sums)
    assert impossible > len(sums) / 10, "the movers are too slow for this to show anything"
