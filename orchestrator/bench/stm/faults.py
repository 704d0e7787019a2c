"""Commits that are cut off: whether each was applied exactly once."""

from dataclasses import dataclass

from orchestrator.bench.stm.client import Client
from orchestrator.bench.stm.cutting import CuttingProxy, Fault
from orchestrator.bench.stm.peers import CLIENTS
from orchestrator.bench.stm.raw import address_of, through

_OVERTAKEN_MAX = 8


@dataclass(frozen=True, slots=True)
class Cuts:
    """What came of transactions of which each had one commit cut off."""

    client: str
    fault: Fault
    cuts: int
    twice: int
    """Transactions that were applied more than once."""
    lost: int
    """Transactions that returned and were not applied."""

    def as_row(self) -> dict[str, object]:
        """Return this as a row of the report."""
        return {
            "measurement": f"cut commits, {self.fault}, {self.client}",
            "cuts": self.cuts,
            "applied_twice": self.twice,
            "lost": self.lost,
        }


def cut_commits(url: str, space: str, client: str, fault: Fault, count: int) -> Cuts:
    """Return what comes of transactions that each add 1 to a variable of their own. Blocks.

    The first commit of each is cut off. One that comes late is overtaken by a number of requests
    of the retry that goes from 1 to 8 in turn, so it arrives at every point of the recovery.
    """
    opened = CLIENTS[client]
    plain = opened(url, space, 0.0)
    with CuttingProxy(*address_of(url)) as proxy:
        cut = opened(through(url, proxy.port), space, 0.0)
        cuts = sum(_cut_once(proxy, cut, fault, number) for number in range(count))
        cut.close()
    applied = [_applied(plain, fault, number) for number in range(count)]
    plain.close()
    twice = sum(value > 1 for value in applied)
    return Cuts(client, fault, cuts, twice, applied.count(0))


def _cut_once(proxy: CuttingProxy, client: Client, fault: Fault, number: int) -> bool:
    proxy.faults.append((fault, 1 + number % _OVERTAKEN_MAX))
    client.add_each([_name(fault, number)], [1])
    proxy.deliver()  # if the retry was over before that many requests
    is_cut = not proxy.faults
    proxy.faults.clear()
    return is_cut


def _applied(client: Client, fault: Fault, number: int) -> int:
    return client.total([_name(fault, number)])


def _name(fault: Fault, number: int) -> str:
    return f"cut/{fault}/{number}"
