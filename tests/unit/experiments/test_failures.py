"""What the page says of provoked failures, and which swarms they are provoked on."""

import pytest

from orchestrator.experiments.failures.deadlock import spec_of
from orchestrator.experiments.failures.trial import Trial, TrialRow
from orchestrator.experiments.report.tables import failure_table
from orchestrator.experiments.summary import chance
from swarm_workers.problems.sudoku.grading import Grade, grade_of
from tests.support.sudoku import Table


def trial_row(*, has_remedy: bool, **more) -> TrialRow:
    trial = Trial(is_overcome=has_remedy, seconds=0.5 if has_remedy else 4.0)
    way = "it is sent again" if has_remedy else "it is not"
    return TrialRow("crash", "a process is killed", way, has_remedy, 1, trial, **more)


def test_the_table_says_for_how_long_was_waited():
    rows = [trial_row(has_remedy=has, seconds_max=4.0) for has in (True, False)]
    head, _, *lines = failure_table(rows, chance()).splitlines()
    names, without = ([cell.strip() for cell in line.split("|")] for line in (head, lines[1]))
    cells = dict(zip(names, without, strict=True))
    assert cells["at most"] == "4 s"
    assert cells["overcome"] == "0 of 1"


def test_a_trial_whose_bound_was_not_written_down_is_shown_without_one():
    *_, line = failure_table([trial_row(has_remedy=True)], chance()).splitlines()
    assert " s " not in line


@pytest.mark.parametrize("seed", [1, 10, 50])
def test_the_agents_of_the_deadlock_come_to_rest_before_their_turns_are_over(seed):
    spec = spec_of(seed)
    assert grade_of(spec.task.puzzle) is Grade.HIDDEN
    table = Table(spec)
    state = table.play(turns_max=spec.agents * spec.task.iterations)
    assert state.reason.startswith("stuck: no rule moves any more")
