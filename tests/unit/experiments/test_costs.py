"""What a run cost where models were asked, and where none was."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.experiments.tasks.protocol import AttemptRow, Measures
from tasks_schema.kinds import AttemptStatus

ROW = AttemptRow(
    agent="solver-0000", turn=0, status=AttemptStatus.FINISHED,
    started_at=datetime(2026, 1, 1, tzinfo=UTC), seconds=1.0, findings={}, evaluations=1,
    cpu_seconds=0.25, tokens=None, dollars=None,
)  # fmt: skip


def measures(*rows: AttemptRow) -> Measures:
    return Measures.along((), rows, goal=None, evaluations=0, redundant=0.0, detail={})


def test_a_run_costs_what_the_attempts_that_asked_a_model_cost():
    dear, cheap = replace(ROW, tokens=900, dollars=0.5), replace(ROW, tokens=100, dollars=0.25)
    found = measures(dear, ROW, cheap)
    assert (found.tokens, found.dollars, found.cpu_seconds) == (1000, 0.75, 0.75)


def test_tokens_without_a_price_are_counted_all_the_same():
    found = measures(replace(ROW, tokens=7), replace(ROW, tokens=0))
    assert (found.tokens, found.dollars) == (7, None)


@pytest.mark.parametrize("rows", [(), (ROW, ROW)])
def test_where_no_model_was_asked_cost_is_empty_and_not_zero(rows):
    assert (measures(*rows).tokens, measures(*rows).dollars) == (None, None)
