"""The clients that are measured: ours, the usual one's `transaction()`, and the raw limit."""

from collections.abc import Callable

from orchestrator.bench.stm.client import Client
from orchestrator.bench.stm.limit import Raw
from orchestrator.bench.stm.ours import Ours
from orchestrator.bench.stm.usual import Helper

CLIENTS: dict[str, Callable[[str, str, float], Client]] = {
    "ours": lambda url, space, rtt: Ours(url, space, rtt, "watch"),
    "ours, function": lambda url, space, rtt: Ours(url, space, rtt, "function"),
    "helper": lambda url, space, rtt: Helper(url, space, rtt, one_by_one=False),
    "helper, GET each": lambda url, space, rtt: Helper(url, space, rtt, one_by_one=True),
    "raw": lambda url, space, rtt: Raw(url, space, rtt, is_ahead=False),
    "raw, WATCH ahead": lambda url, space, rtt: Raw(url, space, rtt, is_ahead=True),
}
"""By name: how each is opened on a server, a space, and a round trip in seconds."""
