"""Who may go on with an experiment: whoever's runs are comparable with those that are recorded."""

from dataclasses import replace

import pytest

from orchestrator.errors import UsageError
from orchestrator.experiments.joining import joined_spec
from orchestrator.experiments.rows import Experiment

READ = {"sources": ["https://example.org/a"], "corpus": ["notes"], "library": "aa11"}
BEGUN = Experiment(
    "tuesday",
    {"task": "research", "seeds": 5, "at_once": 2, **READ},
    {"processors": 2},
    {"python": "3.11.2", "source_digest": "0123"},
    "swarm experiment run research",
)


def asking(**said: object) -> Experiment:
    return replace(BEGUN, spec={**BEGUN.spec, **said})


def test_seeds_studies_and_tasks_may_be_added() -> None:
    ours = asking(task="all", seeds=20, studies=["sweep"])
    assert joined_spec(BEGUN, ours) == BEGUN.spec


@pytest.mark.parametrize(
    ("ours", "sentence"),
    [
        (
            asking(corpus=[], sources=[], library="bb22"),
            "it reads --source https://example.org/a --corpus notes, now no --source and no",
        ),
        (asking(library="bb22"), "documents aa11, now bb22"),
        (asking(at_once=4), "--at-once 2, now 4"),
        (replace(BEGUN, machine={"processors": 8}), "processors 2, now 8"),
        (
            replace(BEGUN, versions={**BEGUN.versions, "source_digest": "4567"}),
            "source digest 0123, now 4567",
        ),
        (replace(BEGUN, versions={"python": "3.11.2"}), "source digest 0123, now unknown"),
    ],
)
def test_what_figures_depend_on_must_be_the_same_and_is_named(
    ours: Experiment, sentence: str
) -> None:
    with pytest.raises(UsageError, match="was begun otherwise") as refusal:
        joined_spec(BEGUN, ours)
    assert sentence in str(refusal.value)
    assert "take a new --id" in str(refusal.value)


def test_the_first_command_that_reads_says_what_is_read() -> None:
    puzzles = replace(BEGUN, spec={"task": "sudoku", "sources": [], "corpus": [], "at_once": 2})
    spec = joined_spec(puzzles, BEGUN)
    assert {key: spec[key] for key in READ} == READ
    assert spec["task"] == "sudoku"


def test_a_task_without_documents_may_join_one_that_has_read_some() -> None:
    ours = replace(BEGUN, spec={"task": "sudoku", "sources": [], "corpus": [], "at_once": 2})
    assert joined_spec(BEGUN, ours) == BEGUN.spec


def test_failures_join_however_many_runs_were_under_way_together() -> None:
    failures = replace(BEGUN, spec={"task": "failures", "sources": [], "corpus": []})
    assert joined_spec(asking(at_once=4), failures)["at_once"] == 4
    assert joined_spec(failures, asking(at_once=4))["at_once"] == 4
