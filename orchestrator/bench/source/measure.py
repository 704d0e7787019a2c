"""The whole benchmark of the source store: everything measured, every bar judged."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.bench.report import Report
from orchestrator.bench.source.checkouts import measure_checkouts
from orchestrator.bench.source.crowd import measure_crowd
from orchestrator.bench.source.database import connect, own_database
from orchestrator.bench.source.editing import measure_editing
from orchestrator.bench.source.parsing import measure_parsing
from orchestrator.bench.source.pushing import measure_pushing
from orchestrator.bench.source.standings import measure_standings

Announce = Callable[[str, int, int], object]
"""Told the name of what begins, how much is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. The bars are the same."""

    rounds: int
    nodes: int
    landings: int
    attempts: int
    lines: int
    libcst_lines: int
    pairs: int
    pushed_nodes: int
    writers: int
    crowd_rounds: int
    crowd_seconds: float


QUICK = Size(11, 30_000, 10, 2_000_000, 40_000, 20_000, 100, 10_000, 8, 5, 2.0)
FULL = Size(25, 100_000, 30, 10_000_000, 200_000, 60_000, 1_000, 50_000, 8, 9, 3.0)


def measure(size: Size, announce: Announce, named_url: str = "") -> Report:
    """Return rows and bars. Blocks: under 3 minutes if quick, some 10 if full.

    Args:
        size: how much to measure.
        announce: called before each step.
        named_url: of a Postgres to measure on, in a database made for it and dropped afterwards;
            empty to start one in a temporary folder.

    Raises:
        StackError: no server can be started, or the named one does not answer.
    """
    parts: list[Report] = []
    with own_database(named_url) as url:
        engine = connect(url)
        steps: dict[str, Callable[[], Report]] = {
            "parsing": lambda: measure_parsing(
                lines=size.lines, slow_lines=size.libcst_lines, rounds=size.rounds
            ),
            "editing": lambda: measure_editing(pairs_max=size.pairs),
            "checkouts": lambda: measure_checkouts(
                engine, nodes=size.nodes, landings=size.landings, rounds=size.rounds
            ),
            "pushing": lambda: measure_pushing(engine, nodes=size.pushed_nodes, rounds=size.rounds),
            "crowd": lambda: measure_crowd(
                engine,
                url,
                writers=size.writers,
                rounds=size.crowd_rounds,
                seconds=size.crowd_seconds,
            ),
            "leaderboard": lambda: measure_standings(
                engine, attempts=size.attempts, rounds=size.rounds
            ),
        }
        try:
            for number, (name, step) in enumerate(steps.items()):
                announce(name, number, len(steps))
                parts.append(step())
        finally:
            engine.dispose()
    return Report(
        tuple(row for part in parts for row in part.rows),
        tuple(bar for part in parts for bar in part.bars),
    )
