"""How many candidates one core judges in a second, inside the sandbox.

Three ways on the same small pytest target, in slices that take turns so that noise hits all alike:
the warm session (a fork a candidate, tests collected), pytest in a fork of the warm zygote, and
pytest started anew as a program.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from swarm_workers.agents.search.agent import ranked_candidates
from swarm_workers.interpreter import find_interpreter
from swarm_workers.problems.code.warm import WarmSession
from swarm_workers.protocols import EditCandidate, Tree, TreeFile
from swarm_workers.sandbox.limits import Limits
from swarm_workers.sandbox.sandbox import Sandbox

FOCUS = "test_target.py::test_total"
_SLICE_CANDIDATES = 200

_MODULE = '''\
"""Invoices, with one wrong line."""


def clamp(value, low, high):
    if value < low:
        return low
    if value > high:
        return high
    return value


def total(prices, discount, limit):
    result = 0
    for index, price in enumerate(prices):
        if price > limit and index % 2 == 0:
            price = price - discount
        result += clamp(price, 0, limit * 10)
    return result + len(prices) * 7 + discount // 3
'''
_TESTS = """\
import pytest
from target import clamp, total


@pytest.mark.parametrize("value", range(-3, 8))
def test_clamp(value):
    assert 0 <= clamp(value, 0, 5) <= 5


def test_total():
    assert total([1, 2, 30, 4], 5, 10) == 123_456
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """One way of judging candidates."""

    way: str
    per_second: float
    """Median over slices of the candidates judged in a second by one core."""


def measure(*, slices: int) -> Iterator[Rate]:
    """Yield the rate of each way. Blocks for some 3 s a slice.

    Args:
        slices: how often each way gets its turn.

    Raises:
        NoIsolationError: this machine cannot isolate.
    """
    tree: Tree = {
        "target.py": TreeFile(_MODULE.encode()),
        "test_target.py": TreeFile(_TESTS.encode()),
    }
    interpreter = find_interpreter(Path("/nonexistent"), None)
    limits = Limits()
    with (
        Sandbox.boot(interpreter, repository="/bench", limits=limits) as warm_box,
        Sandbox.boot(interpreter, repository="/bench", limits=limits) as clean_box,
    ):
        warm = WarmSession(warm_box.open(tree, "pytest_session", {"args": ["-q"]}))
        survey = warm.survey()
        lines = {"target.py": dict.fromkeys(survey.lines[FOCUS]["target.py"], 1.0)}
        candidates = ranked_candidates({"target.py": _MODULE}, lines, seed=0)
        green = [test for test in survey.green if test != FOCUS]
        ways: dict[str, Callable[[int], float]] = {
            "warm session, a fork a candidate": lambda turn: _warm(warm, candidates, green, turn),
            "pytest in a fork of the zygote": lambda _turn: _clean(
                clean_box, tree, ["pytest", "-q"]
            ),
            "pytest started as a program": lambda _turn: _clean(
                clean_box, tree, ["sh", "-c", "python -m pytest -q"]
            ),
        }
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for turn in range(slices):
            for way, run in ways.items():
                rates[way].append(run(turn))
        warm.close()
    for way, values in rates.items():
        yield Rate(way, statistics.median(values))


def _warm(warm: WarmSession, candidates: list[EditCandidate], green: list[str], turn: int) -> float:
    """Return candidates a second over one slice; those that are not run do not count."""
    start = turn * _SLICE_CANDIDATES % max(1, len(candidates) - _SLICE_CANDIDATES)
    chosen = candidates[start : start + _SLICE_CANDIDATES]
    began = time.perf_counter()
    trials = list(warm.evaluate(chosen, focus=FOCUS, green=green))
    seconds = time.perf_counter() - began
    ran = sum(not (trial.is_rejected or trial.is_duplicate) for trial in trials)
    return ran / seconds


def _clean(box: Sandbox, tree: Tree, argv: list[str]) -> float:
    began = time.perf_counter()
    box.run(tree, argv)
    return 1 / (time.perf_counter() - began)
