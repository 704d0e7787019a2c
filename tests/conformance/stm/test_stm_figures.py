"""What transactions have cost, by call site, and over processes."""

import asyncio
import subprocess
import sys
import threading

import pytest

from swarm_workers.stm import AsyncStm, Statistics, Stm, StmUsageError
from tests.conformance.stm.conftest import Interference, in_threads


def test_a_site_counts_its_commits_runs_and_what_made_it_run_again(
    stm: Stm, others: Interference
) -> None:
    value = stm.var("hot", int, default=0)

    def add() -> None:
        seen = value.get()
        others.once(lambda: value.set(7))
        value.set(seen + 1)

    stm.atomically(add)
    (site,) = [each for name, each in stm.statistics().sites.items() if name.endswith("add")]
    assert (site.commits, site.failures, site.runs) == (1, 0, 2)
    assert list(site.aborts.values()) == [1]
    assert next(iter(site.aborts)).endswith(":v:hot")
    assert site.wasted_seconds > 0
    assert site.flights >= 3


def test_a_failed_body_is_counted_as_a_failure(stm: Stm) -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        stm.atomically(fail)
    assert stm.statistics().total.failures == 1


def test_waiting_for_work_is_no_overhead(stm: Stm, others: Interference) -> None:
    jobs, theirs = stm.queue("jobs", str), others.stm.queue("jobs", str)
    is_looking = threading.Event()

    def take() -> str:
        is_looking.set()
        return jobs.pop()

    def bring() -> None:
        is_looking.wait(10)
        threading.Event().wait(0.3)
        others.stm.atomically(theirs.push, "job")

    in_threads([lambda: stm.atomically(take), bring])
    (site,) = [each for name, each in stm.statistics().sites.items() if name.endswith("take")]
    assert site.blocked_seconds > 0.2
    assert site.overhead_seconds + site.body_seconds < site.blocked_seconds / 2


_CHILD = """
import sys
from swarm_workers.stm import Stm
stm = Stm.connect(sys.argv[1], sys.argv[2])
total = stm.counter("total")
def count():
    total.add(1)
for _ in range(5):
    stm.atomically(count)
stm.publish_statistics()
"""


def test_the_figures_of_several_processes_add_up(redis_stm: Stm, redis_url: str) -> None:
    for _ in range(2):
        command = [sys.executable, "-W", "error", "-c", _CHILD, redis_url, redis_stm.space]
        subprocess.run(command, check=True, timeout=60)
    published = redis_stm.published_statistics()
    assert len(published) == 2
    together = Statistics.together(published.values())
    assert together.sites["__main__.count"].commits == 10
    assert 0 < together.overhead_share(work_seconds=1.0) < 1


def test_the_map_of_figures_is_the_librarys_own(stm: Stm) -> None:
    with pytest.raises(StmUsageError, match="keeps its own figures"):
        stm.map("stm.statistics", int)


def test_coroutines_of_one_process_do_not_stop_each_other() -> None:
    async def main() -> float:
        stm = AsyncStm.in_memory("crowd")
        value = stm.var("v", int, default=0)

        def add() -> None:
            value.set(value.get() + 1)

        await asyncio.gather(*(stm.atomically(add) for _ in range(20)))
        assert await stm.atomically(value.get) == 20
        return stm.statistics().total.queue_seconds

    assert asyncio.run(main()) == 0
