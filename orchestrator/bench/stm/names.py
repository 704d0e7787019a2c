"""The names of measurements, by which bars and rows know them.

Pure: no I/O, no clock, no chance.
"""

from typing import Literal

AGENTS = 32
LONG = "a long transaction beside 8 movers"
MOVERS = "8 movers alone"


def single(milliseconds: int, client: str, keys: int, workload: str = "varied") -> str:
    """Return the name of a measurement of one agent."""
    return f"{distance(milliseconds)}, {_keys(keys)}, {workload}, {client}"


def crowd(milliseconds: int, workload: str, client: str, work_ms: int = 0) -> str:
    """Return the name of a measurement of all agents."""
    work = f", {work_ms} ms work" if work_ms else ""
    return f"{distance(milliseconds)}, {AGENTS} agents, {workload}{work}, {client}"


def wake_ups(milliseconds: int, waiters: int, client: str) -> str:
    """Return the name of a measurement of wake-ups."""
    return f"{distance(milliseconds)}, wake-up of {waiters}, {client}"


def chain(run: Literal["first", "later"]) -> str:
    """Return the name of the measurement of ten dependent reads."""
    return f"{distance(1)}, 10 dependent reads, {run} run"


def replay(keys: int, *, with_record: bool) -> str:
    """Return the name of a measurement of our own bytes, sent again."""
    return f"{distance(0)}, {_keys(keys)}, replay {'with' if with_record else 'without'} record"


def coroutines(milliseconds: int, number: int) -> str:
    """Return the name of a measurement of coroutines on one connection."""
    return f"{distance(milliseconds)}, function engine, {number} coroutines"


def long_transaction(agents: str) -> str:
    """Return the name of the measurement of a long transaction and of the movers beside it."""
    return f"{distance(1)}, {agents}"


def auditor(client: str) -> str:
    """Return the name of the measurement of impossible sums."""
    return f"{distance(0)}, auditor beside 4 movers, {client}"


def distance(milliseconds: int) -> str:
    """Return how far the server is, in words."""
    return f"{milliseconds} ms" if milliseconds else "loopback"


def _keys(keys: int) -> str:
    return f"{keys} key" + ("s" if keys > 1 else "")
