"""Whatever happens to clients, connections and the server, the history is strictly serializable."""

from pathlib import Path

import pytest
import redis

from swarm_workers.stm import Stm
from tests.conformance.stm.nemesis import Nemesis
from tests.conformance.stm.nemesis_client import Order, run_threads
from tests.conformance.stm.nemesis_fleet import Fleet
from tests.conformance.stm.nemesis_proxy import Fault
from tests.conformance.stm.nemesis_stores import ENGINES, FRONTS, LibraryStore
from tests.conformance.stm.nemesis_tale import Line, transaction
from tests.conformance.stm.nemesis_usual import BUGS, RIGHT
from tests.support.elle.checker import check
from tests.support.elle.history import Transaction
from tests.support.elle.report import Anomaly, Report

_CYCLES = {Anomaly.G0, Anomaly.G1C, Anomaly.G_SINGLE, Anomaly.G2, Anomaly.REALTIME}
_TWICE = {Anomaly.DUPLICATE, Anomaly.INTERNAL, Anomaly.GARBAGE}
"""A value is there twice; a retry sees what it is about to append; or a counter is too high."""
_SEED = 20


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_short_history_under_every_disturbance_has_no_anomaly(
    engine: str, front: str, tmp_path: Path
) -> None:
    with Nemesis(engine, tmp_path, seed=_SEED, front=front, lanes=2) as nemesis:
        report = nemesis.run(clients=4, transactions=2000, pause=120)
        _assert_whole(nemesis, report, transactions=2000, times=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_history_under_every_disturbance_has_no_anomaly(
    engine: str, front: str, tmp_path: Path
) -> None:
    with Nemesis(engine, tmp_path, seed=_SEED + 1, front=front, lanes=2) as nemesis:
        report = nemesis.run(clients=8, transactions=52_000, pause=80)
        _assert_whole(nemesis, report, transactions=50_000, times=30)
        assert len(report.found_committed) > 30, "clients were killed after their commit"
        assert len(report.found_absent) > 30, "and before it"


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str, redis_url: str, space: str) -> None:
    report = _undisturbed(bug, redis_url, space, transactions=400)
    found = report.count()
    assert _CYCLES & set(found), str(report)
    assert found[Anomaly.LOST] + found[Anomaly.INCOMPATIBLE] > 0, str(report)


def test_the_same_clients_without_the_bug_have_no_anomaly(redis_url: str, space: str) -> None:
    report = _undisturbed(RIGHT, redis_url, space, transactions=400)
    assert report.is_clean, str(report)


def test_the_usual_client_applies_transactions_twice_under_the_same_disturbance(
    tmp_path: Path,
) -> None:
    with Nemesis(RIGHT, tmp_path, seed=_SEED) as nemesis:
        report = nemesis.run(clients=4, transactions=400, pause=8, deeds=[Fault.LOSE_REPLY])
    assert nemesis.proxy.met[Fault.LOSE_REPLY] > 20
    assert _TWICE & set(report.count()), str(report)


def test_threads_on_the_twin_in_memory_have_no_anomaly(space: str) -> None:
    lines: list[Line] = []
    order = Order("memory", "threads", 4, "", space, 1, _SEED, 1200)
    run_threads(order, LibraryStore(Stm.in_memory(space)), lines.append)
    begun: dict[int, Line] = {}
    history: list[Transaction] = []
    for line in lines:
        if line.outcome is None:
            begun[line.teller] = line
        else:
            history.append(transaction(begun.pop(line.teller), line))
    assert len(history) == 1200
    report = check(history)
    assert report.is_clean, str(report)


def _assert_whole(nemesis: Nemesis, report: Report, *, transactions: int, times: int) -> None:
    assert report.is_clean, str(report)
    assert nemesis.fleet.undecided == 0, "a living client could not learn an outcome"
    assert len(report.history) >= transactions
    assert report.committed > 0.85 * transactions, "the rest was to abort, or in haste"
    spared = [deed for deed in nemesis.deeds if nemesis.done[deed] < times]
    assert not spared, f"{spared} did not happen: {nemesis.done}"


def _undisturbed(store: str, url: str, space: str, *, transactions: int) -> Report:
    """Return the verdict on four clients whom nothing happens to."""
    fleet = Fleet(store, space, seed=_SEED)
    try:
        for _ in range(4):
            fleet.start(lambda _: url, transactions // 4)
        return check(fleet.finish())
    finally:
        fleet.stop()
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter(f"{space}:*"):
                client.unlink(key)
