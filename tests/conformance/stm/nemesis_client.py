"""One client process of a history: some lanes, threads or coroutines, that run transactions."""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable

import msgspec

from tests.conformance.stm.nemesis_stores import (
    ENGINES,
    AsyncLibraryStore,
    LibraryStore,
    Store,
    connect,
)
from tests.conformance.stm.nemesis_tale import Line, Teller
from tests.conformance.stm.nemesis_usual import UsualStore

_LANES_MAX = 100


class Order(msgspec.Struct, frozen=True):
    """What a client is to do."""

    store: str
    """An engine of the library, or a way to use the usual client."""
    front: str
    """threads or coroutines."""
    lanes: int
    """How many of these."""
    url: str
    space: str
    number: int
    """Of this process; no other has it."""
    seed: int
    transactions: int
    """Of all lanes together."""

    def share(self, lane: int) -> int:
        """Return how many transactions one lane runs."""
        return (self.transactions + lane) // self.lanes

    def teller(self, lane: int) -> int:
        """Return the number of a lane; no other of any process has it."""
        return self.number * _LANES_MAX + lane


def open_store(order: Order) -> Store:
    """Return what threads run their transactions on."""
    if order.store in ENGINES:
        return LibraryStore(connect(order.url, order.space, order.store))
    return UsualStore(order.url, order.space, order.store)


def run_threads(order: Order, store: Store, tell: Callable[[Line], None]) -> None:
    """Run all lanes as threads. Blocks until they are done.

    Args:
        order: what to do.
        store: what to run transactions on.
        tell: takes each line, of one thread at a time.
    """
    lock, failures = threading.Lock(), list[BaseException]()

    def tell_in_turn(line: Line) -> None:
        with lock:
            tell(line)

    def run(lane: int) -> None:
        teller = Teller(order.teller(lane), order.seed, tell_in_turn)
        try:
            for _ in range(order.share(lane)):
                teller.end(store.run(teller.begin()))
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(lane,)) for lane in range(order.lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


async def run_coroutines(order: Order, tell: Callable[[Line], None]) -> None:
    """Run all lanes as coroutines; see `run_threads`."""
    stm = connect(order.url, order.space, order.store, front="coroutines")
    store = AsyncLibraryStore(stm)

    async def run(lane: int) -> None:
        teller = Teller(order.teller(lane), order.seed, tell)
        for _ in range(order.share(lane)):
            teller.end(await store.run(teller.begin()))

    await asyncio.gather(*(run(lane) for lane in range(order.lanes)))


def main() -> None:
    """Do what the first argument orders; tell on SIGUSR1 where every thread is."""
    faulthandler.register(signal.SIGUSR1)
    order = msgspec.json.decode(sys.argv[1], type=Order)
    if order.front == "coroutines":
        asyncio.run(run_coroutines(order, _write))
    else:
        run_threads(order, open_store(order), _write)


def _write(line: Line) -> None:
    """Let a line go out at once: what is in the pipe survives a SIGKILL."""
    data = msgspec.json.encode(line) + b"\n"
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


if __name__ == "__main__":
    main()
