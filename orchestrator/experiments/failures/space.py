"""A space of its own for a trial without fleet; its agents are threads with own connections."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import redis

from swarm_workers.stm import Stm


class TrialSpace:
    """Opens clients of one space; each agent has its own, as on machines of their own."""

    def __init__(self, url: str, name: str) -> None:
        """Name a space that nobody has used.

        Args:
            url: of the server.
            name: of the failure.
        """
        self.url = url
        self.name = f"failure-{name}-{secrets.token_hex(4)}"
        self._open: list[Stm] = []
        self._keys: set[str] = set()

    def stm(self) -> Stm:
        """Return a client of the space."""
        self._open.append(Stm.connect(self.url, self.name))
        return self._open[-1]

    @property
    def runs(self) -> int:
        """Runs of bodies that the clients of this space have begun so far, those in vain included.

        Also those that ended before their body did: at a token, at the gate, or while reading.
        """
        return sum(stm.statistics().total.runs for stm in tuple(self._open))

    def plain(self) -> redis.Redis:
        """Return a client without our transactions, for what is done without the remedy."""
        return redis.Redis.from_url(self.url)

    def key(self, name: str) -> str:
        """Return the key of a plain variable, which lies beside the space."""
        key = f"{self.name}:plain:{name}"
        self._keys.add(key)
        return key

    def close(self) -> None:
        """Remove every key, and close the clients."""
        self.stm().purge()
        if self._keys:
            self.plain().delete(*self._keys)
        while self._open:
            self._open.pop().close()


@contextmanager
def trial_space(url: str, name: str) -> Iterator[TrialSpace]:
    """Lend a space; it is empty again afterwards."""
    space = TrialSpace(url, name)
    try:
        yield space
    finally:
        space.close()


def run_together(agents: Sequence[Callable[[], object]]) -> float:
    """Run agents at the same time, each in a thread; return the seconds until all have ended."""
    gate = threading.Barrier(len(agents) + 1)
    errors: list[BaseException] = []

    def live(agent: Callable[[], object]) -> None:
        gate.wait()
        try:
            agent()
        except Exception as error:  # noqa: BLE001 - raised again by whoever waits
            errors.append(error)

    threads = [threading.Thread(target=live, args=(agent,), daemon=True) for agent in agents]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return time.monotonic() - began
