"""What the experiment asks of Sudoku: instances, the spec of a run, figures from its rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.tasks.protocol import AttemptRow
from orchestrator.experiments.tasks.sudoku import TASK
from swarm_workers.agents.sudoku.strategies.catalogue import NAMED
from swarm_workers.problems.sudoku.collection import collection
from swarm_workers.problems.sudoku.solver import solutions
from tasks_schema.kinds import AttemptStatus, Mode, SwarmStatus
from tests.support.sudoku import Table, spec_of

CLUES = collection()["named-1"].clues
SOLUTION = next(solutions(CLUES))
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY = CLUES.count(".")


def row(second: float, grid: str = CLUES, *, told: tuple = (), evaluations: int = 10) -> AttemptRow:
    return AttemptRow(
        agent="solver-0000",
        turn=0,
        status=AttemptStatus.FINISHED,
        started_at=BEGAN + timedelta(seconds=second - 1),
        seconds=1,
        findings={"event": "moved", "grid": grid, "told": [list(each) for each in told]},
        evaluations=evaluations,
        cpu_seconds=0.5,
        tokens=None,
        dollars=None,
    )


def cell(mode: Mode = Mode.SWARM) -> Cell:
    return Cell("sudoku", "named-1", mode, Size(agents=4, iterations=10))


def with_right_cells(count: int) -> str:
    missing = [at for at, char in enumerate(CLUES) if char == "."][count:]
    return "".join("." if at in missing else digit for at, digit in enumerate(SOLUTION))


def test_quality_is_the_cells_that_are_right_beyond_the_clues():
    wrong = next(at for at, char in enumerate(CLUES) if char == ".")
    lie = CLUES[:wrong] + str(int(SOLUTION[wrong]) % 9 + 1) + CLUES[wrong + 1 :]
    rows = [row(1), row(2, with_right_cells(7)), row(3, lie), row(4)]
    found = TASK.measure(spec_of(CLUES), rows)
    assert (found.quality, found.is_solved, found.evaluations) == (7, False, 40)
    assert [(point.evaluations, point.seconds) for point in found.curve] == [(20, 2.0)]


def test_a_run_is_solved_by_the_attempt_that_knows_all_cells():
    found = TASK.measure(spec_of(CLUES), [row(1), row(3, SOLUTION), row(4, SOLUTION)])
    assert found.is_solved
    assert (found.quality, found.evaluations_to_solution) == (EMPTY, 20)
    assert found.seconds_to_solution == 3.0
    assert found.cpu_seconds == 1.5


def test_time_is_counted_from_the_first_start_though_another_turn_ends_first():
    slow = replace(row(5, SOLUTION), started_at=BEGAN, seconds=5)
    found = TASK.measure(spec_of(CLUES), [row(3, with_right_cells(7)), slow])
    assert [point.seconds for point in found.curve] == [3.0, 5.0]


def test_what_two_agents_conclude_of_one_branch_is_counted_as_redundant_once():
    rows = [
        row(1, told=(("", "row", "3"),)),
        row(2, told=(("", "box", "6"), ("r1c1=2", "several", "3"))),
    ]
    assert TASK.measure(spec_of(CLUES), rows).redundant == pytest.approx(1 / 6)


def test_a_run_without_attempts_has_no_quality():
    found = TASK.measure(spec_of(CLUES), [])
    assert (found.quality, found.is_solved, found.redundant) == (0, False, 0)


@pytest.mark.parametrize("quick", [True, False])
def test_every_instance_has_a_spec(quick):
    for name in TASK.instances(quick=quick):
        spec = TASK.spec(name, 1, cell())
        assert next(solutions(spec.puzzle))
        assert spec.iterations == 10


def test_one_puzzle_of_the_full_set_takes_any_agent_one_turn_so_that_sharing_cannot_win():
    spec = TASK.spec("seventeen-3", 1, cell())
    assert "seventeen-3" in TASK.instances(quick=False)
    for index in range(8):
        table = Table(spec_of(spec.puzzle, agents=8, steps_max=spec.steps_max))
        assert table.settle(table.look(index, 0)).status is SwarmStatus.SUCCEEDED


def test_one_agent_alone_gets_the_turns_of_all():
    assert TASK.spec("named-1", 1, cell(Mode.SINGLE)).iterations == 40


def test_a_puzzle_can_be_given_as_text_and_its_steps_with_it():
    spec = TASK.spec(CLUES.replace(".", "0") + "@3", 1, cell())
    assert (spec.puzzle, spec.steps_max) == (CLUES, 3)


def test_the_four_named_strategies_can_be_asked_for_and_end_stuck_where_they_are_too_weak():
    spec = TASK.spec("hidden-7:named", 1, cell())
    assert (spec.strategies, spec.is_specialized) == (NAMED, False)
    told = spec_of(spec.puzzle, strategies=spec.strategies, steps_max=spec.steps_max)
    assert Table(told).play().status is SwarmStatus.EXHAUSTED


def test_an_agent_for_each_strategy_can_be_asked_for_with_or_without_the_others():
    every = TASK.spec("hidden-7:specialists", 1, cell())
    assert (every.strategies, every.is_specialized) == ((), True)
    few = TASK.spec("hidden-7@3:named:specialists", 1, cell())
    assert (few.strategies, few.is_specialized, few.steps_max) == (NAMED, True, 3)


@pytest.mark.parametrize(
    ("instance", "reason"),
    [
        ("named-9999", "there is no puzzle 'named-9999'"),
        ("named-1@many", "'many' in 'named-1@many' is no number of steps"),
        ("named-1@0", "'0' in 'named-1@0' is no number of steps"),
        ("named-1:generalists", "'generalists' in 'named-1:generalists' is unknown; say :named or"),
        ("named-1:", "'' in 'named-1:' is unknown"),
        ("55" + "." * 79, "the clue 5 stands in r1c1 and in r1c2"),
        ("." * 81, "more than one grid fits"),
        ("." * 80, "this text has 80"),
    ],
)
def test_an_instance_that_is_none_is_refused_with_the_reason(instance, reason):
    with pytest.raises(UsageError, match=reason):
        TASK.spec(instance, 1, cell())


def test_what_turns_report_makes_the_figures_of_a_run():
    table = Table(spec_of(CLUES, steps_max=8))
    table.play()
    rows = [
        AttemptRow(
            agent="solver-0000",
            turn=turn,
            status=AttemptStatus.FINISHED,
            started_at=BEGAN,
            seconds=turn,
            findings=findings,
            evaluations=8,
            cpu_seconds=0,
            tokens=None,
            dollars=None,
        )
        for turn, findings in enumerate(table.told)
    ]
    found = TASK.measure(table.spec, rows)
    assert found.is_solved
    assert found.quality == EMPTY
