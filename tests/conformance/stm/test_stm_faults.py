"""What the network and the operating system may do to a transaction on Redis."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from swarm_workers.stm import (
    Stm,
    StmCodecError,
    StmCorruptedError,
    StmServerError,
    StmUnavailableError,
    StmUsageError,
    TransactionTimeoutError,
    on_abort,
    waiting,
)
from swarm_workers.stm.engines.function import FunctionSession
from swarm_workers.stm.engines.redis import EngineName
from swarm_workers.stm.engines.watch import WatchSession
from swarm_workers.stm.pools import blocking
from swarm_workers.stm.wires.address import Address
from swarm_workers.stm.wires.blocking import BlockingWire
from swarm_workers.stm.wires.seam import WireLostError
from tests.conformance.stm.cutting_proxy import CuttingProxy
from tests.conformance.stm.nemesis_server import NemesisServer

_TIMEOUT_SECONDS = 0.2


@pytest.fixture
def proxy(redis_url: str) -> Iterator[CuttingProxy]:
    address = urlsplit(redis_url)
    assert address.hostname
    assert address.port
    proxy = CuttingProxy(address.hostname, address.port)
    yield proxy
    proxy.close()


@pytest.fixture
def cut_stm(redis_url: str, proxy: CuttingProxy, space: str) -> Iterator[Stm]:
    """The space of `redis_stm`, seen through the proxy."""
    address = urlsplit(redis_url)
    netloc = f"{address.username or ''}:{address.password or ''}@127.0.0.1:{proxy.port}"
    made = Stm.connect(address._replace(netloc=netloc).geturl(), space)
    yield made
    made.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def _read_and_add(stm: Stm) -> Callable[[], None]:
    value, total, outbox = stm.var("v", int, default=0), stm.counter("n"), stm.stream("x")

    def body() -> None:
        value.set(value.get() + 1)
        total.add(1)
        outbox.append("report")

    return body


def _add_blindly(stm: Stm) -> Callable[[], None]:
    value, total, outbox = stm.var("v", int, default=0), stm.counter("n"), stm.stream("x")

    def body() -> None:
        value.set(40)
        total.add(1)
        outbox.append("report")

    return body


@pytest.mark.parametrize("make_body", [_read_and_add, _add_blindly])
@pytest.mark.parametrize("fault", ["lose reply", "lose request", "hold request"])
def test_forty_cut_commits_are_applied_once_each(
    cut_stm: Stm,
    redis_stm: Stm,
    proxy: CuttingProxy,
    client: redis.Redis,
    make_body: Callable[[Stm], Callable[[], None]],
    fault: str,
) -> None:
    body = make_body(cut_stm)
    for _ in range(40):
        proxy.faults.append(fault)  # type: ignore[arg-type]
        cut_stm.atomically(body)
        # What was held arrives after the retry, on the connection that watched the record.
        # Nothing of it is done; after that comes only the answer to what arms the next commit.
        assert all(b"\r\n_\r\n+OK\r\n" in reply for reply in proxy.release())
    assert not proxy.faults, "every fault met a commit"
    value, total = redis_stm.var("v", int, default=0), redis_stm.counter("n")
    assert redis_stm.atomically(lambda: (value.get(), total.value())) == (40, 40)
    assert client.xlen(f"{{{redis_stm.space}}}:x:x") == 40


def test_a_late_commit_that_overtakes_its_fence_is_found_and_not_repeated(
    cut_stm: Stm, redis_stm: Stm, proxy: CuttingProxy
) -> None:
    value = cut_stm.var("v", int, default=0)
    runs: list[int] = []

    def body() -> int:
        runs.append(value.get() + 1)
        value.set(runs[-1])
        return runs[-1]

    proxy.faults += ["hold request", "deliver held first"]
    assert cut_stm.atomically(body) == 1
    assert not proxy.faults, "the fence met its fault"
    assert redis_stm.atomically(redis_stm.var("v", int, default=0).get) == 1
    assert runs == [1]


def test_the_time_until_a_lost_commit_is_found_counts_as_waiting_for_the_server(
    cut_stm: Stm, proxy: CuttingProxy
) -> None:
    body = _read_and_add(cut_stm)
    cut_stm.atomically(body)
    before = cut_stm.statistics().total
    proxy.faults.append("lose reply")
    cut_stm.atomically(body)
    after = cut_stm.statistics().total
    assert after.resolved == before.resolved + 1
    assert after.blocked_seconds > before.blocked_seconds


@pytest.mark.parametrize("session", [WatchSession, FunctionSession])
def test_what_a_server_refuses_while_an_outcome_is_open_does_not_make_it_nothing_written(
    tmp_path: Path, space: str, monkeypatch: pytest.MonkeyPatch, session: Any
) -> None:
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS_MAX", 0.02)
    server = NemesisServer(tmp_path, fsync="no")
    engine: EngineName = "watch" if session is WatchSession else "function"
    stm, client = Stm.connect(server.url, space, engine=engine), redis.Redis.from_url(server.url)
    value, ask, asked = stm.var("v", int, default=0), session._ask_record, []

    async def ask_a_replica(self: Any, *arguments: Any) -> bool | None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            client.replicaof("127.0.0.1", 1)  # it refuses writes now
        elif asked[-1] - asked[0] > 3 * _TIMEOUT_SECONDS:
            client.replicaof("NO", "ONE")
        outcome: bool | None = await ask(self, *arguments)
        return outcome

    def write() -> None:
        value.set(value.get() + 1)
        monkeypatch.setattr(BlockingWire, "flight", _losing_one_reply(monkeypatch))

    try:
        stm.atomically(value.set, 1)
        monkeypatch.setattr(session, "_ask_record", ask_a_replica)
        stm.atomically(write, timeout_seconds=_TIMEOUT_SECONDS)
        assert len(asked) > (engine == "function")
        assert stm.atomically(value.get) == 2
    finally:
        stm.close()
        server.kill()


def _losing_one_reply(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return how to send the next flight, whose reply goes astray."""
    send = BlockingWire.flight

    async def send_and_break(self: BlockingWire, *arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(BlockingWire, "flight", send)
        await send(self, *arguments, **options)
        self.close()
        raise WireLostError("it broke behind the commit")

    return send_and_break


def test_a_server_that_reads_nothing_does_not_hold_a_sender_for_ever(
    tmp_path: Path, space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "UNAVAILABLE_SECONDS_MAX", 0.5)
    server = NemesisServer(tmp_path, fsync="no")
    stm = Stm.connect(f"{server.url}?socket_timeout=0.3", space)
    try:
        stream = stm.stream("x")
        stm.atomically(stream.append, "hello")

        def flood() -> None:
            for _ in range(400):
                stream.append("x" * 60_000)

        server.stop()
        with pytest.raises(StmUnavailableError):
            stm.atomically(flood)
    finally:
        stm.close()
        server.kill()


def test_a_connection_that_opens_while_the_pool_is_closed_is_closed_too(
    redis_stm: Stm, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[BlockingWire] = []

    def open_late(address: Address) -> BlockingWire:
        opened.append(BlockingWire(address))
        redis_stm.close()
        return opened[-1]

    monkeypatch.setattr(blocking, "BlockingWire", open_late)
    with pytest.raises(StmUnavailableError, match="closed"):
        redis_stm.atomically(redis_stm.queue("jobs", str).pop)
    assert not opened[0].is_open


def test_a_cut_between_reads_and_commit_starts_the_body_again(
    cut_stm: Stm, proxy: CuttingProxy
) -> None:
    value = cut_stm.var("v", int, default=0)
    runs: list[int] = []

    def body() -> None:
        value.set(value.get() + 1)
        runs.append(1)
        if len(runs) == 1:
            proxy.cut_all()

    cut_stm.atomically(body)
    assert cut_stm.atomically(value.get) == 1
    assert len(runs) == 2


def test_a_waiter_whose_subscription_breaks_still_hears(
    cut_stm: Stm, redis_stm: Stm, proxy: CuttingProxy, client: redis.Redis
) -> None:
    heard, thread = _blocked_pop(cut_stm, client)
    proxy.is_passable.clear()
    proxy.cut_all()
    redis_stm.atomically(redis_stm.queue("jobs", str).push, "job")
    proxy.is_passable.set()  # only now can it subscribe again: the wake-up itself is lost
    thread.join(20)
    assert heard == ["job"]


def test_a_blocked_waiter_asks_nothing_of_the_server(redis_stm: Stm, client: redis.Redis) -> None:
    heard, thread = _blocked_pop(redis_stm, client)
    before = client.info("stats")["total_commands_processed"]
    thread.join(0.5)
    after = client.info("stats")["total_commands_processed"]
    assert after - before <= 1, "it polls; the one is the first INFO"
    redis_stm.atomically(redis_stm.queue("jobs", str).push, "job")
    thread.join(20)
    assert heard == ["job"]


def test_closing_ends_a_wait(redis_stm: Stm, client: redis.Redis) -> None:
    heard, thread = _blocked_pop(redis_stm, client)
    redis_stm.close()
    thread.join(20)
    assert not thread.is_alive()
    assert heard == ["Redis does not answer: this Stm was closed"]


def test_a_write_of_the_same_value_is_not_sent(redis_stm: Stm, client: redis.Redis) -> None:
    value, entries = redis_stm.var("v", list[str], default=[]), redis_stm.map("m", int)

    def write() -> None:
        value.get()
        entries.get("k")
        value.set(["same"])
        entries.put("k", 1)

    redis_stm.atomically(write)
    before = client.get(f"{{{redis_stm.space}}}:v:v")
    assert before.endswith(b';["same"]')
    redis_stm.atomically(write)
    assert client.get(f"{{{redis_stm.space}}}:v:v") == before
    records = client.keys(f"{{{redis_stm.space}}}:c:*")
    assert [client.get(record) for record in records] == [b"1"], "one commit, not two"
    assert 3500 < client.ttl(records[0]) <= 3600
    assert client.ttl(f"{{{redis_stm.space}}}:v:v") == -1


def test_processes_hand_jobs_to_each_other(redis_stm: Stm, redis_url: str) -> None:
    there, back = redis_stm.queue("there", int), redis_stm.queue("back", int)
    script = """
import sys
from swarm_workers.stm import Stm
stm = Stm.connect(sys.argv[1], sys.argv[2])
there, back = stm.queue("there", int), stm.queue("back", int)
for _ in range(50):
    stm.atomically(lambda: back.push(there.pop() + 1), timeout_seconds=20)
"""
    with _python(script, redis_url, redis_stm.space) as child:
        for i in range(50):
            redis_stm.atomically(there.push, i)
            assert redis_stm.atomically(back.pop, timeout_seconds=20) == i + 1
        assert child.wait(20) == 0


def test_a_forked_child_speaks_on_connections_of_its_own(redis_stm: Stm, redis_url: str) -> None:
    script = """
import os, sys
from swarm_workers.stm import Stm, StmUsageError
stm = Stm.connect(sys.argv[1], sys.argv[2])
value = stm.var("v", int, default=0)
def add():
    value.set(value.get() + 1)
stm.atomically(add)  # leaves an open connection to inherit
child = os.fork()
for _ in range(100):
    stm.atomically(add)
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
def fork_inside():
    value.get()
    if os.fork() == 0:
        return value.set(-1)
    assert os.wait()[1] == 0
parent = os.getpid()
try:
    stm.atomically(fork_inside)
except StmUsageError:
    os._exit(0 if os.getpid() != parent else 3)
stm.atomically(add)
"""
    with _python(script, redis_url, redis_stm.space) as parent:
        assert parent.wait(30) == 0
    assert redis_stm.atomically(redis_stm.var("v", int, default=0).get) == 202


def test_a_signal_handler_that_raises_anywhere_leaves_nothing_half_done(
    redis_stm: Stm, redis_url: str
) -> None:
    # As a worker's soft time limit does. Swallowed where Python ignores exceptions, it comes again.
    script = """
import random, signal, sys
from swarm_workers.stm import Stm
stm = Stm.connect(sys.argv[1], sys.argv[2])
value, total, jobs = stm.var("v", int, default=0), stm.counter("n"), stm.queue("q", str)
class SoftLimit(Exception): ...
is_armed, chance, returned, interrupted = False, random.Random(7), 0, 0
def interrupt(*_):
    if is_armed:
        raise SoftLimit
def add():
    seen = value.get()
    assert seen == total.value(), "an answer to another question, or a torn state"
    value.set(seen + 1)
    total.add(1)
signal.signal(signal.SIGALRM, interrupt)
for i in range(1500):
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-6 + chance.random() * 6e-4, 0.02)
            is_armed = True
            stm.atomically(jobs.pop if i % 10 == 0 else add)
            returned += 1
        finally:
            is_armed = False
    except SoftLimit:
        interrupted += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
assert interrupted > 100
assert returned <= stm.atomically(total.value) <= 1350
stm.atomically(add)
"""
    # Python reports there what it ignored; only the exit status counts.
    command = [sys.executable, "-c", script, redis_url, redis_stm.space]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_connecting_is_lazy_and_a_dead_server_is_reported_once_patience_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "UNAVAILABLE_SECONDS_MAX", 0.2)
    ended: list[str] = []
    stm = Stm.connect("redis://127.0.0.1:1", "nowhere")
    value = stm.var("v", int, default=0)

    def body() -> None:
        on_abort(lambda: ended.append("abort"))
        value.get()

    with pytest.raises(StmUnavailableError, match=r"does not answer.*tried") as caught:
        stm.atomically(body)
    assert caught.value.committed is False
    assert ended == ["abort"]
    with pytest.raises(TransactionTimeoutError, match="did not answer"):
        stm.atomically(value.get, timeout_seconds=0.02)


def test_a_wrong_password_is_refused_at_once(redis_url: str) -> None:
    address = urlsplit(redis_url)
    stm = Stm.connect(f"redis://:wrong@{address.hostname}:{address.port}", "x")
    with pytest.raises(StmServerError, match=r"WRONGPASS|invalid username"):
        stm.atomically(stm.counter("n").value)
    with pytest.raises(StmUsageError, match="URL of Redis"):
        Stm.connect("http://localhost", "x")


def test_keys_that_something_else_wrote_are_reported(redis_stm: Stm, client: redis.Redis) -> None:
    client.set(f"{{{redis_stm.space}}}:v:v", "5")
    client.set(f"{{{redis_stm.space}}}:q:q", "5")
    with pytest.raises(StmCodecError, match="no version header"):
        redis_stm.atomically(redis_stm.var("v", int, default=0).get)
    with pytest.raises(StmServerError, match="WRONGTYPE"):
        redis_stm.atomically(redis_stm.queue("q", str).try_pop)
    with pytest.raises(StmCorruptedError, match="the other writes"):
        redis_stm.atomically(redis_stm.queue("q", str).push, "x")


def _blocked_pop(stm: Stm, client: redis.Redis) -> tuple[list[str], threading.Thread]:
    """Start a thread that pops, and return once it sleeps; its result or error gets in the list."""
    heard: list[str] = []

    def pop() -> None:
        try:
            heard.append(stm.atomically(stm.queue("jobs", str).pop))
        except StmUnavailableError as error:
            heard.append(str(error))

    reads = _calls(client, "evalsha")
    thread = threading.Thread(target=pop)
    thread.start()
    # One read that found nothing; one more, of which the server reports changes.
    give_up = time.monotonic() + 20
    while _calls(client, "evalsha") < reads + 2:
        assert time.monotonic() < give_up
    return heard, thread


def _calls(client: redis.Redis, command: str) -> int:
    statistics = client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})
    return int(statistics["calls"])


def _python(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-W", "error", "-c", script, *arguments])
