"""The command that the report shows for a cell asks for that cell, and for nothing else."""

import shlex
from typing import Any

import pytest
import typer

from orchestrator.cli import experiment
from orchestrator.experiments.commands import cell_command, command_of
from orchestrator.experiments.plan import Cell, Study
from orchestrator.experiments.studies import Wanted, runs_of
from tasks_schema.kinds import Mode, Sharing
from tests.support.experiment_task import Digging


def wanted_by(command: str) -> Wanted:
    """Return what the command line makes of a command."""
    words = shlex.split(command)
    assert words[:4] == ["swarm", "experiment", "run", "digging"]
    group: Any = typer.main.get_command(experiment.app)
    with group.commands["run"].make_context("run", words[3:]) as context:
        typed = context.params
    return experiment._wanted(
        agents=typed["agents"],
        iterations=typed["iterations"],
        modes=typed["modes"],
        seeds=typed["seeds"],
        studies=tuple(typed["study"] or ()),
        instances=tuple(typed["instance"] or ()),
        sharing=typed["sharing"],
        round_trip_milliseconds=typed["round_trip"],
        sources=tuple(typed["source"] or ()),
        corpus=tuple(str(folder) for folder in typed["corpus"] or ()),
        quick=typed["quick"],
    )


ALL_CELLS = sorted({run.cell for run in runs_of(Digging(), Wanted(seeds=1))}, key=lambda c: c.key)


@pytest.mark.parametrize("cell", ALL_CELLS, ids=lambda cell: cell.key)
def test_every_cell_of_a_full_experiment_is_run_again_by_its_command(cell: Cell) -> None:
    runs = runs_of(Digging(), wanted_by(cell_command(cell, 3)))
    assert {run.cell for run in runs} == {cell}
    assert [run.seed for run in runs] == [1, 2, 3]


def test_a_cells_command_names_how_many_runs_were_under_way_together() -> None:
    assert (
        cell_command(ALL_CELLS[0], 3, at_once=4) == f"{cell_command(ALL_CELLS[0], 3)} --at-once 4"
    )


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(is_quick=True, seeds=2),
        Wanted(studies=(Study.SWEEP, Study.ABLATION), agents=3, iterations=7),
        Wanted(modes=(Mode.PARALLEL, Mode.SWARM), instances=("a b", "c"), round_trip_seconds=0.005),
        Wanted(sharing=Sharing.EXPLORED),
    ],
    ids=str,
)
def test_the_command_of_an_experiment_asks_for_the_same_again(wanted: Wanted) -> None:
    assert wanted_by(command_of("digging", wanted)) == wanted
