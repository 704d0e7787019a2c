"""Where flights are counted: a connection seen through a proxy, and somebody else beside it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.bench.stm.ours import Engine
from orchestrator.bench.stm.proxy import RecordingProxy
from orchestrator.bench.stm.raw import through
from swarm_workers.stm import Stm, TVar


class Scene:
    """One space seen through a counting proxy, and by somebody else directly."""

    def __init__(self, url: str, space: str, proxy: RecordingProxy, engine: Engine) -> None:
        """Open both; the connection through the proxy is warm."""
        self._proxy = proxy
        self.stm = Stm.connect(through(url, proxy.port), space, engine=engine)
        self.other = Stm.connect(url, space, engine=engine)
        self._unrelated = 0
        self._disturbances = 0
        self.do_unrelated()

    def var(self, name: str) -> TVar[int]:
        """Return an integer variable of the counted side."""
        return self.stm.var(name, int, default=0)

    def do_unrelated(self) -> None:
        """Run two other transactions, so that the next one is not back to back with its like."""
        self._unrelated += 1
        self.stm.atomically(self.stm.var("unrelated", int, default=0).set, self._unrelated)
        self.stm.atomically(self.stm.counter("aside").add, 1)

    def disturb(self, name: str) -> None:
        """Let somebody else change a variable, also from within a body."""
        self._disturbances += 1
        arguments = (self.other.var(name, int, default=0).set, self._disturbances)
        # In a thread, because a body cannot hold a transaction on another connection.
        thread = threading.Thread(target=self.other.atomically, args=arguments)
        thread.start()
        thread.join(20)

    def count(self, action: Callable[[], object]) -> int:
        """Return how many flights an action takes on the counted side."""
        before = len(self._proxy.flights)
        action()
        return len(self._proxy.flights) - before

    def close(self) -> None:
        """Close both."""
        self.stm.close()
        self.other.close()


Counted = Callable[[Scene], int]


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of transaction, and what it is to cost."""

    name: str
    tabled: tuple[int, ...]
    """Every number that the table allows; most often one."""
    count: Counted
    engine: Engine = "watch"
