"""The whole benchmark: everything measured, every bar judged."""

import contextlib
from collections.abc import Callable, Iterator

import redis
from msgspec import structs

from orchestrator.bench.report import Report
from orchestrator.bench.stm.audit import lost_updates
from orchestrator.bench.stm.bars import Evidence, judge
from orchestrator.bench.stm.crew import Crew
from orchestrator.bench.stm.faults import Cuts, cut_commits
from orchestrator.bench.stm.figures import Measurement, measured
from orchestrator.bench.stm.flights import count_all
from orchestrator.bench.stm.messages import Outcome
from orchestrator.bench.stm.names import AGENTS
from orchestrator.bench.stm.plan import Length, Stage, stages

Announce = Callable[[str, int, int], object]
"""Told the name of what begins, how much is done, and how much there is."""
_CUTS = {"short": 4, "quick": 100, "full": 300}


def measure(length: Length, announce: Announce, named_url: str = "") -> Report:
    """Return rows and bars. Blocks: some 10 minutes if full, under 3 if quick.

    Args:
        length: how long the slices are.
        announce: called before each step.
        named_url: of a server to measure on; a Valkey of its own if empty. Keys of the benchmark
            lie under `{bench-…}:` there, and are deleted.

    Raises:
        StackError: server or agents cannot be started, or an agent failed.
    """
    plan = stages(length)
    steps = ["flights", "cut commits", *(stage.name for stage in plan)]
    with Crew(AGENTS, named_url) as crew, _clean_afterwards(named_url):
        announce(steps[0], 0, len(steps))
        flights = count_all(crew.url, "bench-flights")
        announce(steps[1], 1, len(steps))
        cuts = list(_cut_all(crew.url, _CUTS[length]))
        found: dict[str, Measurement] = {}
        for number, stage in enumerate(plan, start=2):
            announce(stage.name, number, len(steps))
            found |= _in_turns(crew, stage)
        evidence = Evidence(flights, cuts, found, lost_updates(crew.url, found.values()))
    return Report(tuple(evidence.as_rows()), tuple(judge(evidence)))


def _cut_all(url: str, count: int) -> Iterator[Cuts]:
    for client in ("ours", "ours, function", "helper"):
        space = "bench-cuts-" + client.rpartition(" ")[2]
        yield cut_commits(url, space, client, "lose reply", count)
        yield cut_commits(url, space, client, "deliver late", count)


def _in_turns(crew: Crew, stage: Stage) -> dict[str, Measurement]:
    outcomes: dict[str, list[list[Outcome]]] = {name: [] for name in stage.jobs}
    for turn in range(stage.slices):
        for name, job in stage.jobs.items():
            outcomes[name].append(crew.run(structs.replace(job, seed=job.seed + turn)))
    return {name: measured(stage.jobs[name], outcomes[name]) for name in stage.jobs}


@contextlib.contextmanager
def _clean_afterwards(named_url: str) -> Iterator[None]:
    """Delete the benchmark's keys from a server that somebody else goes on using."""
    try:
        yield
    finally:
        if named_url:
            with redis.Redis.from_url(named_url) as client:
                for key in client.scan_iter("{bench-*", count=1000):
                    client.unlink(key)
