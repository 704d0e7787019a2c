"""A commit whose reply is cut, or that arrives late, is applied once: not twice, and not never."""

from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from swarm_workers.stm import Stm
from tests.conformance.stm.nemesis_proxy import Fault, NemesisProxy
from tests.conformance.stm.nemesis_stores import ENGINES, connect

_CUTS = pytest.mark.parametrize(
    "cuts", [pytest.param(40, id="short"), pytest.param(400, id="long", marks=pytest.mark.soak)]
)
_BODIES = pytest.mark.parametrize("kind", ["reading", "blind"])
_ENGINES = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture
def proxy(redis_url: str) -> Iterator[NemesisProxy]:
    port = urlsplit(redis_url).port
    assert port
    proxy = NemesisProxy(port)
    yield proxy
    proxy.close()


@pytest.fixture
def cut_url(redis_url: str, proxy: NemesisProxy) -> str:
    """The URL of the server, through the proxy."""
    address = urlsplit(redis_url)
    port = proxy.open_port("client")
    netloc = f"{address.username or ''}:{address.password or ''}@127.0.0.1:{port}"
    return address._replace(netloc=netloc).geturl()


class Ledger:
    """What transactions leave behind, each under its own number."""

    def __init__(self, stm: Stm) -> None:
        self._stm = stm
        self._entries = stm.var("entries", list[int], default=[])
        self._total = stm.counter("total")
        self._members = stm.set("members", int)
        self._line = stm.queue("line", int)

    def enter(self, number: int) -> None:
        """A body that reads what it writes."""
        self._entries.set([*self._entries.get(), number])
        self.enter_blindly(number)

    def enter_blindly(self, number: int) -> None:
        """A body that reads nothing."""
        self._members.add(number)
        self._total.add(1)
        self._line.push(number)

    def content(self) -> tuple[list[int], int, list[int], list[int]]:
        """Return the list, the counter, the set and the queue, which it empties."""

        def body() -> tuple[list[int], int, list[int], list[int]]:
            line: list[int] = []
            while (number := self._line.try_pop()) is not None:
                line.append(number)
            members = sorted(self._members.members())
            return self._entries.get(), self._total.value(), members, line

        return self._stm.atomically(body)


@pytest.fixture
def ledgers(redis_url: str, cut_url: str, space: str) -> Iterator[Callable[[str], "Ledgers"]]:
    """Return what makes the two ends for an engine; the space is purged at last."""
    made: list[Ledgers] = []

    def make(engine: str) -> Ledgers:
        made.append(Ledgers(connect(cut_url, space, engine), connect(redis_url, space, engine)))
        return made[-1]

    yield make
    for each in made:
        each.close()


class Ledgers:
    """One space, seen through the proxy and directly."""

    def __init__(self, cut: Stm, direct: Stm) -> None:
        self._cut = cut
        self._direct = direct
        self._through = Ledger(cut)
        self._there = Ledger(direct)

    def enter(self, number: int, kind: str) -> None:
        """Run one transaction through the proxy."""
        body = self._through.enter_blindly if kind == "blind" else self._through.enter
        self._cut.atomically(body, number)

    def assert_each_once(self, count: int, kind: str) -> None:
        """Hold what is there to the numbers up to `count`, one of each and in order."""
        numbers = list(range(count))
        assert self._there.content() == (
            [] if kind == "blind" else numbers,
            count,
            numbers,
            numbers,
        )

    def close(self) -> None:
        self._direct.purge()
        self._cut.close()
        self._direct.close()


@_CUTS
@_BODIES
@_ENGINES
@pytest.mark.parametrize("fault", [Fault.LOSE_REPLY, Fault.HALF_REPLY])
def test_a_commit_whose_reply_is_lost_is_applied_once(
    ledgers: Callable[[str], Ledgers],
    proxy: NemesisProxy,
    fault: Fault,
    engine: str,
    kind: str,
    cuts: int,
) -> None:
    ends = ledgers(engine)
    for number in range(cuts):
        proxy.faults.append(fault)
        ends.enter(number, kind)
    assert proxy.met[fault] == cuts, "every fault met a commit"
    assert len(proxy.lost_replies) == cuts, "which the server had answered"
    ends.assert_each_once(cuts, kind)


@_CUTS
@_BODIES
@_ENGINES
@pytest.mark.parametrize("fault", [Fault.LOSE_REQUEST, Fault.HALF_REQUEST])
def test_a_commit_that_never_arrives_is_applied_once(
    ledgers: Callable[[str], Ledgers],
    proxy: NemesisProxy,
    fault: Fault,
    engine: str,
    kind: str,
    cuts: int,
) -> None:
    ends = ledgers(engine)
    for number in range(cuts):
        proxy.faults.append(fault)
        ends.enter(number, kind)
    assert proxy.met[fault] == cuts
    ends.assert_each_once(cuts, kind)


@_CUTS
@_BODIES
@_ENGINES
@pytest.mark.parametrize("overtaken_by", [1, 2, 8])
def test_a_commit_that_arrives_late_is_applied_once(
    ledgers: Callable[[str], Ledgers],
    proxy: NemesisProxy,
    overtaken_by: int,
    engine: str,
    kind: str,
    cuts: int,
) -> None:
    # It meets the next commit that the client sends, or the one after, or comes when all is over.
    proxy.held_commits = overtaken_by
    ends = ledgers(engine)
    for number in range(cuts):
        proxy.faults.append(Fault.HOLD)
        ends.enter(number, kind)
        proxy.release()
    assert proxy.met[Fault.HOLD] == cuts
    assert len(proxy.late_replies) == cuts, "each of them did arrive"
    ends.assert_each_once(cuts, kind)


@_CUTS
def test_the_usual_clients_transaction_is_applied_twice_by_the_same_cuts(
    cut_url: str, redis_url: str, proxy: NemesisProxy, space: str, cuts: int
) -> None:
    key = f"{space}:usual"

    def enter(number: int) -> Callable[["redis.client.Pipeline[bytes]"], None]:
        def body(pipe: "redis.client.Pipeline[bytes]") -> None:
            entries: list[int] = msgspec.json.decode(pipe.get(key) or b"[]")
            pipe.multi()
            pipe.set(key, msgspec.json.encode([*entries, number]))

        return body

    with _usual(cut_url) as client:
        for number in range(cuts):
            proxy.faults.append(Fault.LOSE_REPLY)
            client.transaction(enter(number), key)
    with redis.Redis.from_url(redis_url) as direct:
        times = Counter(msgspec.json.decode(direct.getdel(key) or b"[]"))
    assert proxy.met[Fault.LOSE_REPLY] == cuts
    assert sum(times[number] > 1 for number in range(cuts)) >= 0.95 * cuts


@_CUTS
@pytest.mark.parametrize("fault", [Fault.LOSE_REPLY, Fault.HOLD])
def test_the_usual_clients_blind_commit_is_applied_twice_by_the_same_cuts(
    cut_url: str, redis_url: str, proxy: NemesisProxy, space: str, fault: Fault, cuts: int
) -> None:
    key = f"{space}:usual"
    with _usual(cut_url) as client:
        for number in range(cuts):
            proxy.faults.append(fault)
            client.pipeline(transaction=True).rpush(key, number).execute()
            proxy.release()
    with redis.Redis.from_url(redis_url) as direct:
        times = Counter(int(each) for each in direct.lrange(key, 0, -1))
        direct.delete(key)
    assert proxy.met[fault] == cuts
    assert sum(times[number] > 1 for number in range(cuts)) >= 0.95 * cuts


def _usual(url: str) -> "redis.Redis[bytes]":
    """Return the usual client, as it comes but for the pauses before it tries again."""
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 3))
