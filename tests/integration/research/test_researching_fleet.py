"""Researchers on a real worker: what is shared, what is reported, and what a crash changes."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Row

from orchestrator.errors import UsageError
from orchestrator.launch.iterative import launch_ready, ready_spec
from orchestrator.queries.research import read_answer
from swarm_workers.problems.research.checking import check_report
from swarm_workers.problems.research.corpus.document import Document
from swarm_workers.problems.research.corpus.machine import extended_library
from swarm_workers.problems.research.corpus.named import tree_of
from swarm_workers.problems.research.desk import Desk
from swarm_workers.source.store import SourceStore
from tasks_schema.kinds import AgentKind, AttemptStatus, Mode, Sharing, SwarmStatus
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask
from tests.integration.optimization.conftest import Fleet
from tests.support.killing import kill_hard
from tests.support.research import (
    FACTS,
    documents,
    make_library,
    questions,
)

SOURCES = len(documents())


def launch(fleet: Fleet, mode: Mode = Mode.SWARM, agents: int = 3, **change: Any) -> SwarmSpec:
    known = {"iterations": 5, "questions": questions(), "questions_max": 6}
    task = ResearchTask(description="find out", topic="ferries", **(known | change))
    kind = AgentKind.RESEARCHER
    spec = ready_spec(task, kind=kind, agents=agents, mode=mode, seed=7)
    launch_ready(spec, fleet.parts)
    return spec


def pairs_of(rows: list[Row[Any]]) -> Counter[tuple[str, str]]:
    found = (row.findings for row in rows if row.findings and "source" in row.findings)
    return Counter((each["question"], each["source"]) for each in found)


def facts_of(rows: list[Row[Any]]) -> set[str]:
    return {key for row in rows for key in (row.findings or {}).get("facts", ())}


def report_of(rows: list[Row[Any]]) -> str:
    (page,) = [row.findings["report"] for row in rows if "report" in (row.findings or {})]
    return str(page)


def test_a_swarm_reads_each_pair_once_finds_all_and_reports_it(reading, tmp_path):
    spec = launch(reading, library=make_library(tmp_path).digest)
    rows = reading.ended(spec)
    assert reading.status(spec.swarm_id) == SwarmStatus.SUCCEEDED
    assert max(pairs_of(rows).values()) == 1
    assert len(facts_of(rows)) == FACTS
    page = report_of(rows)
    found = check_report(page, lambda source: make_library(tmp_path).read(source).text)
    assert (found.sentences, found.faults) == (FACTS, ())
    assert "How does ferry go together with harbour?" in page
    with reading.parts.engine.begin() as connection:
        assert read_answer(connection, spec.swarm_id) == page
        with pytest.raises(UsageError, match="no swarm 'other' has written a report"):
            read_answer(connection, "other")
    assert all((row.tokens, row.dollars) == (None, None) for row in rows)
    assert sum(row.evaluations for row in rows) == sum(pairs_of(rows).values()) == SOURCES


def test_who_knows_nothing_of_each_other_reads_the_same_and_is_reported_together(reading):
    rows = reading.ended(launch(reading, Mode.PARALLEL))
    assert max(pairs_of(rows).values()) > 1
    assert report_of(rows).count("\n- ") == len(facts_of(rows))


def test_sharing_nothing_is_being_alone(reading):
    alone = reading.ended(launch(reading, Mode.PARALLEL))
    nothing = reading.ended(launch(reading, sharing=Sharing.NOTHING))
    assert pairs_of(alone) == pairs_of(nothing)


def test_one_agent_with_one_seed_does_the_same_again(reading):
    first = reading.ended(launch(reading, Mode.SINGLE, agents=1, iterations=9))
    again = reading.ended(launch(reading, Mode.SINGLE, agents=1, iterations=9))
    assert [row.findings for row in first] == [row.findings for row in again]


def test_dealt_out_sources_are_read_by_one_agent_each(reading):
    rows = reading.ended(launch(reading, Mode.PARALLEL, is_dealt=True, iterations=12))
    readers = {(row.agent_id, row.findings["source"]) for row in rows if "source" in row.findings}
    assert len(readers) == len({source for _, source in readers}) == SOURCES


def test_agents_stop_reading_when_there_are_facts_enough(reading):
    rows = reading.ended(launch(reading, facts_wanted=2, iterations=8))
    assert 2 <= len(facts_of(rows)) < FACTS
    # Nor does the report wait for turns under way: those that it overtakes are cancelled.
    assert sum(bool((row.findings or {}).get("idle")) for row in rows) > 10


def test_documents_that_a_person_named_are_read_by_the_workers(reading, tmp_path):
    text = "A ferry in the fog follows the bell of its harbour very slowly. " * 6
    more = Document("url:http://fog.test/", "fog", text)
    branch = SourceStore(reading.parts.engine).import_tree(tree_of([more]), name="documents")
    digest = extended_library(tmp_path / "here", make_library(tmp_path), [more]).digest
    spec = launch(
        reading,
        documents_branch=branch.branch_id,
        documents_landing=branch.landing,
        library=digest,
        questions=("ferry fog",),
    )
    assert "`url:http://fog.test/`" in report_of(reading.ended(spec))


def test_a_worker_with_other_documents_refuses(reading):
    spec = launch(reading, library="0" * 64, iterations=1)
    reading.until(spec, lambda: reading.status(spec.swarm_id) == SwarmStatus.FAILED)
    failed = [row for row in reading.attempts(spec.swarm_id) if row.status == AttemptStatus.FAILED]
    assert "give all workers the Python and the packages" in failed[0].reason


def killed_while_it_reads(fleet: Fleet, spec: SwarmSpec, spared: list[str]) -> list[str]:
    """Kill the process of an agent that has claimed a reading; return whose it was."""
    shared = fleet.parts.spaces.shared(spec.swarm_id)
    for name in (f"researcher-{number:04d}" for number in range(spec.agents)):
        desk = Desk(shared.stm, name, results="", tracks="", asked=())
        pair = shared.stm.atomically(desk.place.get).pair
        record = shared.stm.atomically(shared.turn(name).get)
        if name in spared or pair is None or record.is_done:
            continue
        kill_hard(int(record.holder.split("/")[1]))
        assert shared.stm.atomically(desk.place.get).pair == pair, "it died in its reading"
        return [name]
    return []


def test_a_worker_killed_while_it_reads_loses_nothing_and_nothing_is_read_twice(reading):
    spec = launch(reading, source_seconds=0.3)
    hits: list[str] = []

    def has_hit_two_agents() -> bool:
        hits.extend(killed_while_it_reads(reading, spec, spared=hits))
        return len(hits) == 2

    reading.until(spec, has_hit_two_agents)
    rows = reading.ended(spec)
    assert reading.status(spec.swarm_id) == SwarmStatus.SUCCEEDED
    assert {row.status for row in rows} == {AttemptStatus.FINISHED}
    turns = Counter((row.agent_id, row.turn) for row in rows)
    assert len(turns) == spec.agents * 5 + 1
    assert max(pairs_of(rows).values()) == 1
    assert len(facts_of(rows)) == FACTS
    assert questions()[0] in report_of(rows)
