"""What transactions have cost, by call site; sums that can be added up over processes and machines.

Where the time of an agent in `atomically` goes: `body` and `network` of the run that held; `wasted`
on runs that did not; `queue` for tokens and at the gate; `blocked` in `retry`, which is waiting for
work and no overhead.
"""

import threading
from collections import Counter
from collections.abc import Iterable

import msgspec

from swarm_workers.stm.questions import Meter

SITES_MAX = 128
ABORTING_KEYS_MAX = 10
FLIGHTS_OF_SHORT_RUN = 3
OTHERS = "(others)"


class SiteStatistics(msgspec.Struct, omit_defaults=True):
    """The sums of one call site."""

    commits: int = 0
    """Transactions that ended well, those that wrote nothing included."""
    failures: int = 0
    """Transactions that ended by an exception or a timeout."""
    runs: int = 0
    """Of bodies; as many as transactions if nothing was ever repeated."""
    aborts: dict[str, int] = {}
    """Runs in vain by the key that others had changed; the ten most frequent."""
    flights: int = 0
    resolved: int = 0
    """Commits whose reply was lost and whose outcome was found out."""
    body_seconds: float = 0.0
    network_seconds: float = 0.0
    wasted_seconds: float = 0.0
    queue_seconds: float = 0.0
    blocked_seconds: float = 0.0

    def add(self, other: "SiteStatistics") -> None:
        """Add the sums of another."""
        self.commits += other.commits
        self.failures += other.failures
        self.runs += other.runs
        self.flights += other.flights
        self.resolved += other.resolved
        self.body_seconds += other.body_seconds
        self.network_seconds += other.network_seconds
        self.wasted_seconds += other.wasted_seconds
        self.queue_seconds += other.queue_seconds
        self.blocked_seconds += other.blocked_seconds
        if other.aborts:
            together = Counter(self.aborts) + Counter(other.aborts)
            self.aborts = dict(together.most_common(ABORTING_KEYS_MAX))

    @property
    def overhead_seconds(self) -> float:
        """What coordination cost: all but the body that held, and the waiting for work."""
        return self.network_seconds + self.wasted_seconds + self.queue_seconds


class Statistics(msgspec.Struct):
    """The sums of one process, or of many."""

    sites: dict[str, SiteStatistics] = {}

    @classmethod
    def together(cls, parts: "Iterable[Statistics]") -> "Statistics":
        """Return the sums over several processes."""
        whole = cls({})
        for part in parts:
            for name, site in part.sites.items():
                whole.sites.setdefault(name, SiteStatistics()).add(site)
        return whole

    @property
    def total(self) -> SiteStatistics:
        """The sum over all call sites."""
        total = SiteStatistics()
        for site in self.sites.values():
            total.add(site)
        return total

    def overhead_share(self, work_seconds: float) -> float:
        """Return coordination's share of the time of agents, 0 to 1.

        Args:
            work_seconds: what they spent outside of transactions, at work.
        """
        total = self.total
        useful = total.body_seconds + work_seconds
        return total.overhead_seconds / max(1e-9, total.overhead_seconds + useful)


class Recorder:
    """Collects the sums of this process. Safe to share between threads."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._lock = threading.Lock()
        self._sites: dict[str, SiteStatistics] = {}

    def note(self, name: str, spent: SiteStatistics) -> None:
        """Add what one transaction cost."""
        with self._lock:
            if name not in self._sites and len(self._sites) >= SITES_MAX:
                name = OTHERS
            self._sites.setdefault(name, SiteStatistics()).add(spent)

    def read(self) -> Statistics:
        """Return the sums so far."""
        with self._lock:
            return msgspec.convert(msgspec.to_builtins({"sites": self._sites}), Statistics)


class Stopwatch:
    """Divides the time of one transaction. Every instant is passed in, in seconds."""

    def __init__(self, meter: Meter) -> None:
        """Nothing has been spent.

        Args:
            meter: of the session, which counts flights and their time.
        """
        self.spent = SiteStatistics()
        self.run_seconds = 0.0
        """What the latest run took that has ended, without queueing and blocking."""
        self.is_long = False
        """Whether that was much longer than the two flights that it could not do without."""
        self._meter = meter
        self._run_at: float | None = None
        self._waited_before = 0.0
        self._network_before = 0.0
        self._flights_before = 0

    def begin_run(self, now: float) -> None:
        """A run of the body starts."""
        meter = self._meter
        self._run_at = now
        self._waited_before = meter.queue_seconds + meter.blocked_seconds
        self._network_before = meter.network_seconds
        self._flights_before = meter.flights

    def end_run(self, now: float, *, held: bool, blocks: bool = False) -> None:
        """A run has ended: it held, or it waits for work, or it was in vain. Once per run."""
        if self._run_at is None:
            return
        spent, meter = self.spent, self._meter
        waited = meter.queue_seconds + meter.blocked_seconds - self._waited_before
        seconds = max(0.0, now - self._run_at - waited)
        network = min(seconds, meter.network_seconds - self._network_before)
        is_chatty = meter.flights - self._flights_before > FLIGHTS_OF_SHORT_RUN
        self.is_long = is_chatty or seconds - network > 2 * meter.flight_seconds
        self.run_seconds, self._run_at = seconds, None
        spent.runs += 1
        if held:
            spent.network_seconds += network
            spent.body_seconds += seconds - network
        elif blocks:
            spent.blocked_seconds += seconds
        else:
            spent.wasted_seconds += seconds

    def note_abort(self, keys: Iterable[str]) -> None:
        """A run was in vain because of these keys."""
        for key in keys:
            self.spent.aborts[key] = self.spent.aborts.get(key, 0) + 1

    def total(self) -> SiteStatistics:
        """Return what the transaction has cost."""
        meter, spent = self._meter, self.spent
        spent.flights, spent.resolved = meter.flights, meter.resolved
        spent.queue_seconds = meter.queue_seconds
        spent.blocked_seconds += meter.blocked_seconds
        return spent
