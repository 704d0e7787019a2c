"""A history of many clients, while everything that may happen to them happens.

with Nemesis("watch", folder, seed=1) as nemesis:
    report = nemesis.run(clients=8, transactions=50_000, pause=100)
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Self

from tests.conformance.stm.nemesis_client import Order, open_store
from tests.conformance.stm.nemesis_fleet import Fleet
from tests.conformance.stm.nemesis_proxy import Fault, NemesisProxy
from tests.conformance.stm.nemesis_server import (
    NemesisServer,
    kill_connections,
    url_at,
    wait_alone,
)
from tests.conformance.stm.nemesis_tale import Plan, Wish, is_listless
from tests.support.elle.checker import check
from tests.support.elle.history import Transaction
from tests.support.elle.report import Report

_STILL_SECONDS = 0.8
_REPLY_SECONDS_MAX = 0.5
"""What some clients allow for a reply: less than the server stands still."""
_KEYS_AT_ONCE = 40


class Nemesis:
    """A server, a proxy before it, clients of both, and what is done to them."""

    def __init__(
        self, store: str, folder: Path, *, seed: int, front: str = "threads", lanes: int = 1
    ) -> None:
        """Start the server and the proxy.

        Args:
            store: name of what the clients run on.
            folder: for the server's data.
            seed: of what the clients do, and of what is done to them.
            front: how they do it: as threads or as coroutines.
            lanes: how many of these in each process.
        """
        self._store = store
        self._space = f"nemesis-{seed}"
        self._chance = random.Random(seed)
        self.server = NemesisServer(folder)
        self.fleet = Fleet(store, self._space, seed=seed, front=front, lanes=lanes)
        self.proxy = NemesisProxy(self.server.port, self.fleet.kill)
        self.done: Counter[str] = Counter()
        """How often each disturbance has taken place."""
        deeds = (
            self.kill_a_client,
            self.kill_a_client_while_the_server_stands_still,
            self.close_a_connection,
            self.close_every_connection,
            self.let_the_server_stand_still,
            self.restart_the_server,
        )
        self._deeds: dict[str, Callable[[], None]] = {
            **{str(fault): partial(self.proxy.faults.append, fault) for fault in Fault},
            **{deed.__name__: deed for deed in deeds},
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.fleet.stop()
        self.proxy.close()
        self.server.kill()

    @property
    def deeds(self) -> list[str]:
        """Return the names of all disturbances."""
        return list(self._deeds)

    def run(
        self, *, clients: int, transactions: int, pause: int, deeds: Sequence[str] = ()
    ) -> Report:
        """Run the clients, disturb them, and return the verdict. Blocks.

        Args:
            clients: how many at a time.
            transactions: how many in all.
            pause: transactions from one disturbance to the next.
            deeds: disturbances, which come in turn; none means all.
        """
        for _ in range(clients):
            self.fleet.start(self._url_of, transactions // clients)
        names = list(deeds or self._deeds)
        self._chance.shuffle(names)
        for number, name in enumerate(cycle(names), 1):
            if not self.fleet.wait_told(number * pause):
                break
            self._deeds[name]()
        history = self.fleet.finish()
        self.proxy.close()
        wait_alone(self.server.url)
        self.done.update(self.proxy.met)
        return check([*history, *self._read_all(history)])

    def kill_a_client(self) -> None:
        """Kill a client wherever it is."""
        running = self.fleet.running()
        if running:
            self._count(self.kill_a_client)
            self.fleet.kill(self._chance.choice(running).name)

    def kill_a_client_while_the_server_stands_still(self) -> None:
        """Kill a client that waits for a reply: its commit is in the server's socket."""
        self._count(self.kill_a_client_while_the_server_stands_still)
        self.server.stop()
        try:
            self.kill_a_client()
        finally:
            self.server.go_on()

    def close_a_connection(self) -> None:
        """Let the server close one connection."""
        self._count(self.close_a_connection, kill_connections(self.server.url, 1, self._chance))

    def close_every_connection(self) -> None:
        """Let the server close all connections."""
        closed = kill_connections(self.server.url, None, self._chance)
        self._count(self.close_every_connection, closed)

    def let_the_server_stand_still(self) -> None:
        """Stop the server for longer than some clients wait for a reply."""
        self._count(self.let_the_server_stand_still)
        self.server.stop()
        threading.Event().wait(_STILL_SECONDS)
        self.server.go_on()

    def restart_the_server(self) -> None:
        """Kill the server and start it again on its data."""
        self._count(self.restart_the_server)
        self.server.kill()
        self.server.start_again()

    def _count(self, deed: Callable[[], None], times: int = 1) -> None:
        self.done[deed.__name__] += times

    def _url_of(self, client: str) -> str:
        """Return where a client connects: most go through the proxy, some are impatient."""
        number = int(client.removeprefix("p"))
        url = self.server.url if number % 4 == 0 else url_at(self.proxy.open_port(client))
        return f"{url}?socket_timeout={_REPLY_SECONDS_MAX}" if number % 2 else url

    def _read_all(self, history: Sequence[Transaction]) -> list[Transaction]:
        """Read every key, when nothing is on its way any more."""
        keys = sorted({each.key for transaction in history for each in transaction.operations})
        order = Order(self._store, "threads", 1, self.server.url, self._space, 0, 0, 0)
        store = open_store(order)
        reads: list[Transaction] = []
        for first in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[first : first + _KEYS_AT_ONCE]
            wishes = [Wish(kind, key) for key in some for kind in _whole_views(key)]
            begun_at = time.monotonic_ns()
            outcome, seen = store.run(Plan(wishes))
            ended_at = time.monotonic_ns()
            reads.append(Transaction("last", tuple(seen), outcome, begun_at, ended_at))
        store.close()
        return reads


def _whole_views(key: str) -> list[str]:
    return ["members", "count"] if is_listless(key) else ["read", "members", "count"]
