"""Which cells an experiment has, and in which order they are run."""

from dataclasses import dataclass

import pytest

from orchestrator.errors import UsageError
from orchestrator.experiments.plan import Cell, Size
from orchestrator.experiments.studies import Wanted, runs_of, studies_of
from orchestrator.experiments.study import Study
from tasks_schema.kinds import AgentKind, Mode, Sharing


@dataclass(frozen=True)
class Puzzles:
    """A task with two instances."""

    name: str = "puzzles"
    quality_name: str = "pieces placed"
    kind: AgentKind = AgentKind.SOLVER

    def instances(self, *, quick: bool) -> tuple[str, ...]:
        return ("easy",) if quick else ("easy", "hard")

    def size(self, *, quick: bool) -> Size:
        return Size(4, 2) if quick else Size(8, 6)


def cells(wanted: Wanted) -> set[Cell]:
    return {run.cell for run in runs_of(Puzzles(), wanted)}


def test_all_modes_have_the_same_number_of_turns() -> None:
    turns = {cell.agents * cell.iterations for cell in cells(Wanted(studies=(Study.COMPARISON,)))}
    assert turns == {48}


def test_a_single_agent_has_the_turns_of_all() -> None:
    cell = Cell("puzzles", "easy", Mode.SINGLE, Size(8, 6))
    assert (cell.agents, cell.iterations) == (1, 48)


def test_a_full_experiment_asks_all_questions_and_runs_no_cell_twice() -> None:
    runs = runs_of(Puzzles(), Wanted())
    assert len({run.key for run in runs}) == len(runs)
    held = {
        study for run in runs for study in studies_of(run.cell, "easy", Puzzles().size(quick=False))
    }
    assert held == set(Study)
    assert {run.seed for run in runs} == set(range(1, 21))


def test_a_quick_one_compares_the_modes_alone() -> None:
    assert len(runs_of(Puzzles(), Wanted(is_quick=True))) == 3 * 3


def test_all_cells_are_run_with_one_seed_before_any_with_the_next() -> None:
    seeds = [run.seed for run in runs_of(Puzzles(), Wanted(seeds=3))]
    assert seeds == sorted(seeds)


def test_the_sweep_and_the_ablation_share_the_comparisons_own_cell() -> None:
    usual = Cell("puzzles", "easy", Mode.SWARM, Size(8, 6))
    assert studies_of(usual, "easy", Size(8, 6)) == tuple(Study)
    elsewhere = Cell("puzzles", "hard", Mode.SWARM, Size(8, 6))
    assert studies_of(elsewhere, "easy", Size(8, 6)) == (Study.COMPARISON,)


def test_no_distance_slows_those_who_share_nothing() -> None:
    found = cells(Wanted(studies=(Study.DISTANCE,)))
    assert {cell.round_trip_seconds for cell in found if cell.mode is Mode.SWARM} == {
        0,
        0.001,
        0.005,
    }
    assert [cell.round_trip_seconds for cell in found if cell.mode is not Mode.SWARM] == [0]


def test_one_cell_can_be_asked_for() -> None:
    wanted = Wanted(
        modes=(Mode.SWARM,),
        instances=("hard",),
        agents=3,
        iterations=2,
        sharing=Sharing.BEST,
        round_trip_seconds=0.005,
        studies=(Study.COMPARISON,),
    )
    [cell] = cells(wanted)
    assert cell.key == "puzzles/hard/swarm/3x2/best/5ms"


@pytest.mark.parametrize("wanted", [Wanted(agents=0), Wanted(iterations=-5), Wanted(seeds=9999)])
def test_a_number_out_of_range_is_refused_with_its_option(wanted: Wanted) -> None:
    with pytest.raises(UsageError, match=r"--(agents|iterations|seeds) -?\d+ is out of range"):
        runs_of(Puzzles(), wanted)
