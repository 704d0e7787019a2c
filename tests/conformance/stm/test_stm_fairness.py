"""A long transaction among many short ones comes to its end, and they go on."""

import threading
import time
from collections.abc import Iterator

import pytest

from swarm_workers.stm import Stm
from tests.support.stm_socket.crowd import ACCOUNTS, EACH, Process, accounts, crowd, done

_MOVERS = 8
_MOVERS_FEW = 3
_THINKING_SECONDS = 0.005


@pytest.fixture
def movers(
    request: pytest.FixtureRequest, redis_url: str, space: str, redis_stm: Stm
) -> Iterator[list[Process]]:
    """As many processes as the test asks for."""
    redis_stm.atomically(lambda: [account.set(EACH) for account in accounts(redis_stm)])
    with crowd("move", redis_url, space, request.param) as movers:
        yield movers


def _move_for(movers: list[Process], seconds: float) -> float:
    """Return how many moves a second there are without anybody else."""
    before, began_at = done(movers), time.monotonic()
    threading.Event().wait(seconds)
    return (done(movers) - before) / (time.monotonic() - began_at)


def _think_for(stm: Stm, movers: list[Process], seconds: float) -> tuple[int, float]:
    """Return how many long transactions committed, and how many moves a second there were."""
    everything, noted = accounts(stm), stm.var("noted", int, default=0)

    def body() -> None:
        total = sum([account.get() for account in everything])
        threading.Event().wait(_THINKING_SECONDS)
        noted.set(noted.get() + total)

    before, began_at, commits = done(movers), time.monotonic(), 0
    while time.monotonic() - began_at < seconds:
        stm.atomically(body, timeout_seconds=seconds * 10)
        commits += 1
    rate = (done(movers) - before) / (time.monotonic() - began_at)
    assert stm.atomically(noted.get) == commits * ACCOUNTS * EACH
    return commits, rate


@pytest.mark.parametrize("movers", [_MOVERS_FEW], indirect=True)
def test_a_long_transaction_beside_movers_commits_again_and_again(
    movers: list[Process], redis_stm: Stm
) -> None:
    commits, rate = _think_for(redis_stm, movers, 1.0)
    assert commits >= 4
    assert rate > 0, "the movers were shut out"


@pytest.mark.soak
@pytest.mark.parametrize("movers", [_MOVERS], indirect=True)
def test_a_long_transaction_commits_twenty_times_in_three_seconds_and_movers_keep_their_pace(
    movers: list[Process], redis_stm: Stm
) -> None:
    alone = _move_for(movers, 3.0)
    commits, beside = _think_for(redis_stm, movers, 3.0)
    assert commits >= 20, commits
    assert beside >= 0.7 * alone, (alone, beside)
