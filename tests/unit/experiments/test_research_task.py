from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.protocol import AttemptRow
from orchestrator.experiments.tasks.research import GOAL_SHARE, TASK
from swarm_workers.problems.research.corpus.document import Document
from swarm_workers.problems.research.corpus.library import Library, build
from swarm_workers.problems.research.reach import facts_reachable
from swarm_workers.problems.research.topics import draw_topic, topic_in_words
from tasks_schema.kinds import AgentKind, AttemptStatus, Mode
from tasks_schema.messages.swarm import SwarmSpec
from tasks_schema.messages.task import ResearchTask
from tests.support.research import FACTS, make_library, questions, stand_in_for_the_machines

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CELL = Cell("research", "wide", Mode.SWARM, Size(agents=4, iterations=3))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SWARM_HOME", str(tmp_path))
    stand_in_for_the_machines(tmp_path)
    return tmp_path


def row(agent: int, turn: int, second: float, **findings: Any) -> AttemptRow:
    return AttemptRow(
        agent=f"researcher-{agent:04d}",
        turn=turn,
        status=AttemptStatus.FINISHED,
        started_at=BEGAN + timedelta(seconds=second),
        seconds=1.0,
        findings=findings,
        evaluations=1,
        cpu_seconds=0.5,
        tokens=None,
        dollars=None,
    )


def spec_of(task: ResearchTask) -> SwarmSpec:
    return SwarmSpec(swarm_id="s", task=task, agents=2, kind=AgentKind.RESEARCHER)


def test_a_question_in_words_is_an_instance(home: Path) -> None:
    task = TASK.spec("how does a ferry find its harbour", 1, CELL)
    assert task.questions == ("how does a ferry find its harbour",)
    assert task.iterations == 3
    assert task.facts_reachable == FACTS, "the questions that it raises lead to all the rest"
    assert task.library == make_library(home).digest


def test_so_many_facts_as_a_person_names_are_enough(home: Path) -> None:
    task = TASK.spec("how does a ferry find its harbour? #20", 1, CELL)
    assert (task.questions, task.facts_wanted) == (("how does a ferry find its harbour?",), 20)
    assert TASK.spec("how does a ferry find its harbour?", 1, CELL).facts_wanted == 0
    assert TASK.spec("which C# ferry has which harbour", 1, CELL).facts_wanted == 0
    with pytest.raises(UsageError, match="wants 0 facts; give 1 to 100,000 after the #"):
        TASK.spec("how does a ferry find its harbour? #0", 1, CELL)


def test_what_cannot_be_an_instance_is_told(home: Path) -> None:
    with pytest.raises(UsageError, match="no kind of topic 'broad'; choose wide, "):
        TASK.spec("broad", 1, CELL)
    with pytest.raises(UsageError, match="no document answers 'submarine propeller'"):
        TASK.spec("submarine propeller", 1, CELL)


def test_facts_count_once_whoever_finds_them_and_readings_that_repeat_are_redundant() -> None:
    task = ResearchTask(
        description="d", topic="t", iterations=9, questions=questions(), facts_reachable=5
    )
    rows = [
        row(0, 0, 0, question="q", source="a", facts=["1", "2"]),
        row(1, 0, 1, question="q", source="a", facts=["1", "2"], refused=1),
        row(1, 1, 2, question="q", source="b", facts=["2", "3"]),
        row(1, 2, 3, idle=True),
    ]
    found = TASK.measure(spec_of(task), rows)
    assert (found.quality, found.evaluations, found.cpu_seconds) == (3.0, 3, 2.0)
    assert found.redundant == pytest.approx(1 / 3)
    assert [(point.evaluations, point.quality) for point in found.curve] == [(1, 2.0), (3, 3.0)]
    assert (found.is_solved, found.evaluations_to_solution) == (True, 1), f"{GOAL_SHARE} of 5 is 2"
    assert found.seconds_to_solution == 1.0
    assert (found.detail["best_agent"], found.detail["refused"]) == (3, 1)


def test_facts_enough_for_a_person_are_the_goal_of_a_run() -> None:
    task = ResearchTask(
        description="d", topic="t", iterations=9, facts_reachable=100, facts_wanted=3
    )
    rows = [
        row(0, 0, 0, question="q", source="a", facts=["1", "2"]),
        row(1, 0, 1, question="q", source="b", facts=["2", "3"]),
    ]
    assert TASK.measure(spec_of(task), rows).evaluations_to_solution == 2
    assert not TASK.measure(spec_of(task), rows[:1]).is_solved


def test_a_source_read_for_another_question_is_read_twice_and_not_redundant() -> None:
    task = ResearchTask(description="d", topic="t", iterations=9)
    rows = [
        row(0, 0, 0, question="q", source="a", facts=[]),
        row(1, 0, 1, question="r", source="a", facts=[]),
        row(1, 1, 2, question="r", source="b", facts=[]),
        row(0, 1, 3, question="r", source="b", facts=[]),
    ]
    found = TASK.measure(spec_of(task), rows)
    assert (found.redundant, found.detail["sources_twice"]) == (0.25, 0.5)


def test_a_run_that_found_nothing_has_figures() -> None:
    task = ResearchTask(description="d", topic="t", iterations=9)
    found = TASK.measure(spec_of(task), [])
    assert (found.quality, found.is_solved, found.redundant, found.curve) == (0.0, False, 0.0, ())


def test_a_report_is_looked_up_where_it_is_measured(home: Path) -> None:
    page = '# t\n\n- Not so. [1]\n\n## Sources\n\n[1] `tale:00`: "made up"\n'
    task = ResearchTask(description="d", topic="t", iterations=9)
    detail = TASK.measure(spec_of(task), [row(0, 0, 0, report=page)]).detail
    assert (detail["sentences"], detail["quotations"]) == (1, 1)
    assert detail["faults"] == ["'made up' does not stand in 'tale:00'"]


def test_all_faults_of_a_report_are_counted_and_kept(home: Path) -> None:
    notes = "\n".join(f'[{number}] `tale:00`: "made up {number}"' for number in range(1, 31))
    page = f"# t\n\n- Not so. [1]\n\n## Sources\n\n{notes}\n"
    task = ResearchTask(description="d", topic="t", iterations=9)
    detail = TASK.measure(spec_of(task), [row(0, 0, 0, report=page)]).detail
    assert (detail["faults_count"], len(detail["faults"])) == (30, 30)


def test_what_can_be_found_is_counted_by_reading_all(tmp_path: Path) -> None:
    topic = topic_in_words("ferry")
    asked = [topic_in_words(text).questions[0] for text in questions()]
    library = make_library(tmp_path)
    count = facts_reachable(library, topic.subject, asked, questions_max=6, sources=4)
    assert count == FACTS


def many(folder: Path) -> Library:
    words = ("anchor", "beacon", "cables", "drifts", "engine", "funnel", "galley", "hawser")
    made = []
    for number in range(60):
        first, second = words[number % 8], words[number // 8]
        text = f"The vessel has its {first} near the {second}. A vessel with {second} floats. "
        made.append(Document(f"tale:vessel.{number:02d}", "", text * 3))
    build(folder / "many.sqlite", made)
    return Library(folder / "many.sqlite")


def test_a_topic_is_drawn_by_its_seed(tmp_path: Path) -> None:
    library = many(tmp_path)
    topic = draw_topic(library, 3, questions=4)
    assert topic.subject == "vessel"
    assert len({each.key for each in topic.questions}) == 4
    assert all(each.terms[0] == "vessel" for each in topic.questions)
    assert draw_topic(library, 3, questions=4) == topic
    with pytest.raises(LookupError, match="no subject of this library has 400 questions"):
        draw_topic(library, 3, questions=400)
